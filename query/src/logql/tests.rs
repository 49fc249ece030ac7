mod explore;
mod formats;
mod lines;
mod memory;
mod numbers;
mod parser;
mod robust;
mod samples;
