//! What nobody should send, through every decoder: damaged, deep, endless, huge and odd input. All of it is made here;
//! public suites are read where they are on this machine.

mod claims;
mod damage;
mod depth;
mod doors;
mod encode;
mod json;
mod memory;
mod oracle;
mod packed;
mod protobuf;
mod shapes;
mod streams;
mod suites;
mod text;
