use crate::readable;

#[test]
fn readable_text_is_words_only() {
    let check = |text: &str, expected: &str| assert_eq!(readable(text), expected, "of {text:?}");
    check(
        "PacketResponder <num> for block <*> terminating",
        "packet responder for block terminating",
    );
    check(
        "HTTPServer2.onError: can't open <path>",
        "http server2 on error can't open",
    );
    check("user_id=<num> state=<*>, ok", "user id state ok");
    check("<*>", "");
    check("Größe ÜBER <num>", "größe über");
}
