//! Before the first write to somebody else's machine: say what will be created and ask.

use std::io::{BufRead, IsTerminal, Write};

use super::give_up;
use crate::exit::Exit;
use crate::okta::Client;
use crate::scenario::{Given, Scenario};

/// On this machine, or with `--yes`, nothing is asked. At a terminal the user answers; elsewhere `--yes` is needed.
pub(super) fn consent(client: &Client, plan: &[&Scenario], yes: bool) -> Result<(), Exit> {
    if client.base().is_loopback() || yes {
        return Ok(());
    }
    let (users, groups) = plan.iter().fold((0, 0), |sum, scenario| {
        let (users, groups) = creates(scenario);
        (sum.0 + users, sum.1 + groups)
    });
    let what = format!(
        "This run creates about {users} users and {groups} groups on {} and removes them again at its end. It changes \
         nothing that it did not create.",
        client.base().host()
    );
    if !std::io::stdin().is_terminal() {
        return Err(give_up(Exit::Usage, format!("{what}\nNobody is here to ask: give --yes if that is all right.")));
    }
    anstream::eprint!("{what}\nGo on? [y/N] ");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    let _ = std::io::stdin().lock().read_line(&mut answer);
    if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        Ok(())
    } else {
        Err(give_up(Exit::Usage, "nothing was sent"))
    }
}

/// How many users and groups a scenario creates when all goes well.
fn creates(scenario: &Scenario) -> (usize, usize) {
    let posts = |path: &str| scenario.steps.iter().filter(|s| s.method == "POST" && s.path == path).count();
    let given = scenario.given.iter().fold((0, 0), |(users, groups), (_, given)| match given {
        Given::User { count, .. } => (users + count, groups),
        Given::Group { count, .. } => (users, groups + count),
    });
    let cases = scenario.cases.len();
    ((given.0 + posts("/Users")) * cases, (given.1 + posts("/Groups")) * cases)
}
