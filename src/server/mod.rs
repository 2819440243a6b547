//! stub
pub struct Config {
    pub port: u16,
    pub base_path: String,
    pub token: String,
    pub faults: Vec<&'static fault::Fault>,
    pub patch_answer: PatchAnswer,
    pub log: LogFormat,
    pub entitlements: bool,
    pub people: usize,
}
impl Default for Config {
    fn default() -> Self {
        Self {
            port: 0,
            base_path: String::new(),
            token: String::new(),
            faults: vec![],
            patch_answer: PatchAnswer::Ok200,
            log: LogFormat::Off,
            entitlements: false,
            people: 0,
        }
    }
}
pub enum PatchAnswer {
    Ok200,
    NoContent204,
}
pub enum LogFormat {
    Off,
    Text,
    Json,
}
pub struct Running {
    pub base_url: String,
}
impl Running {
    pub async fn stop(self) {}
}
pub async fn start(_: Config) -> std::io::Result<Running> {
    Ok(Running { base_url: String::new() })
}
pub mod fault {
    pub struct Fault {
        pub id: &'static str,
        pub title: &'static str,
        pub story: &'static str,
        pub source: &'static str,
        pub case: &'static str,
    }
    pub fn all() -> &'static [Fault] {
        &[]
    }
    pub fn by_id(_: &str) -> Option<&'static Fault> {
        None
    }
}
