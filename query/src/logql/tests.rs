mod explore;
mod lines;
mod memory;
mod numbers;
mod parser;
mod robust;
