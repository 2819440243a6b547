//! temp
use super::Display;
use crate::play::*;
use crate::report::Report;
use crate::scenario::App;
pub(super) struct Screen;
impl Screen {
    pub(super) fn new(_: &Display, _: App, _: u64) -> Self {
        Self
    }
    pub(super) fn note(&mut self, _: &str) {}
    pub(super) fn open(&mut self, u: &str) {
        println!("{u}");
    }
    pub(super) fn preflight(&mut self, p: &Preflight) {
        println!("{p:?}");
    }
    pub(super) fn observer(&mut self, _: usize) -> Box<dyn Observer> {
        Box::new(())
    }
    pub(super) fn close(&self, r: &Report, _: Option<&std::path::Path>) {
        for c in r.scenarios.iter().flat_map(|s| &s.steps).flat_map(|s| &s.checks) {
            if matches!(c.status, CheckStatus::Failed) {
                println!("{:?} {} {} at={:?}", c.level, c.id, c.message, c.at);
            }
        }
        for s in &r.scenarios {
            println!("{} {:?} {:?}", s.id, s.status, s.reason);
        }
        for c in &r.capabilities {
            println!(
                "{:?} {:?} {:?} p{} f{} w{} b{}",
                c.id, c.status, c.score, c.passed, c.failed, c.warned, c.blocked
            );
        }
        println!("{:?} {:?} {:?} {:?} req={} {:?}", r.verdict, r.score, r.counts, r.gate, r.run.requests, r.cleanup);
    }
}
