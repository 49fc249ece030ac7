//! Terms of log vocabulary for somebody who does not know them.
//!
//! Sources: errno(3), signal(7), RFC 1035 (DNS), RFC 8446 (TLS), RFC 9293 (TCP), and the manuals of the systems named.

/// A term as it stands in logs, and what it means.
pub(super) const TERMS: [(&str, &str); 64] = [
    ("econnrefused", "nobody listens at that address and port"),
    ("econnreset", "the other side cut the connection"),
    (
        "etimedout",
        "no answer came within the time that was allowed",
    ),
    ("ehostunreach", "no way leads to that machine"),
    ("enetunreach", "no way leads to that network"),
    (
        "epipe",
        "the other side had closed the connection before everything was written",
    ),
    ("eaddrinuse", "another process has that port"),
    ("enospc", "the disk or its quota is full"),
    ("emfile", "the process has too many files or sockets open"),
    ("enfile", "the whole machine has too many files open"),
    ("enomem", "there is no memory left to give"),
    ("eacces", "the permissions do not allow it"),
    ("eperm", "only a privileged user may do that"),
    ("enoent", "there is no file or folder of that name"),
    ("eio", "the device below failed"),
    (
        "erofs",
        "the file system is read-only, often after a fault of the disk",
    ),
    ("eintr", "a signal interrupted the call"),
    ("eagain", "there is nothing yet; try again"),
    (
        "eof",
        "the end came: the other side closed, or the file is over",
    ),
    (
        "oom",
        "out of memory: the system ends processes to get memory back",
    ),
    (
        "oomkilled",
        "the process was ended because it used more memory than it may",
    ),
    ("sigkill", "the process was ended by force"),
    ("sigterm", "the process was asked to end"),
    (
        "sigsegv",
        "the process touched memory that is not its own: a fault in its code",
    ),
    (
        "sigabrt",
        "the process gave up by itself, after an assertion or a panic",
    ),
    (
        "sighup",
        "the process was told to read its settings again, or its terminal is gone",
    ),
    (
        "segfault",
        "the process touched memory that is not its own: a fault in its code",
    ),
    (
        "coredump",
        "the memory of a process that crashed was written to a file",
    ),
    ("panic", "the code met what it was not made for and gave up"),
    (
        "crashloopbackoff",
        "a container ends again and again, and its next start is put off",
    ),
    (
        "imagepullbackoff",
        "the image of a container cannot be fetched",
    ),
    (
        "evicted",
        "the platform moved it away because its machine ran short of something",
    ),
    (
        "throttled",
        "it is slowed down because it uses more than its share",
    ),
    ("nxdomain", "the name service knows no such name"),
    ("servfail", "the name service could not answer"),
    ("dns", "the name service, which turns names into addresses"),
    ("tls", "the encryption of a connection"),
    ("ssl", "the encryption of a connection"),
    ("x509", "the certificate by which a server proves who it is"),
    (
        "handshake",
        "the greeting in which two sides agree on how to speak",
    ),
    ("deadlock", "two wait for each other, so that none goes on"),
    ("failover", "a stand-in takes over"),
    ("quorum", "the number of members that must agree"),
    (
        "split",
        "members that do not see each other may each believe to lead",
    ),
    (
        "heartbeat",
        "the sign of life that a member gives regularly",
    ),
    ("replica", "a copy of the data"),
    (
        "rebalance",
        "work or data is shared out anew among the members",
    ),
    (
        "backoff",
        "it waits before it tries again, longer each time",
    ),
    (
        "backpressure",
        "the receiver is too slow, and the sender is made to wait",
    ),
    ("timeout", "no answer came within the time that was allowed"),
    ("deadline", "the instant until which an answer is of use"),
    (
        "gc",
        "garbage collection: memory that is used no more is gathered while work waits",
    ),
    (
        "checkpoint",
        "the state is written down, to go on from there after a crash",
    ),
    (
        "wal",
        "the log that a database writes before it changes its data",
    ),
    (
        "compaction",
        "many small files are written anew as few large ones",
    ),
    ("preauth", "before anybody has logged in"),
    (
        "sudo",
        "a command is run as another user, mostly the administrator",
    ),
    ("cron", "what starts jobs at fixed times"),
    (
        "lease",
        "a right that lasts for a time and has to be renewed",
    ),
    ("upstream", "the server behind this one, which it asks"),
    (
        "circuit",
        "calls to a service that keeps failing are not even tried for a while",
    ),
    ("rst", "the other side cut the connection"),
    ("offline", "it cannot be reached at the moment"),
    ("degraded", "it works, but with less than it should have"),
];
