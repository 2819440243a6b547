//! Before the first write to somebody else's machine: say what will be created and ask.

use std::io::{BufRead, IsTerminal, Write};

use super::give_up;
use crate::exit::Exit;
use crate::okta::Client;
use crate::scenario::{AT_ONCE, Given, Scenario};

/// On this machine, or with `--yes`, nothing is asked. At a terminal the user answers; elsewhere `--yes` is needed.
pub(super) fn consent(client: &Client, plan: &[&Scenario], import_size: Option<usize>, yes: bool) -> Result<(), Exit> {
    if client.base().is_loopback() || yes {
        return Ok(());
    }
    let (users, groups) = expected(plan, false, import_size);
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

/// How many users and groups a plan creates when all goes well. On this machine every volume is made.
pub(super) fn expected(plan: &[&Scenario], loopback: bool, import_size: Option<usize>) -> (usize, usize) {
    let largest = if loopback { Some(usize::MAX) } else { import_size };
    plan.iter().fold((0, 0), |sum, scenario| {
        let (users, groups) = creates(scenario, largest);
        (sum.0 + users, sum.1 + groups)
    })
}

/// How many users and groups a scenario creates when all goes well, volumes beyond what was asked for left out.
fn creates(scenario: &Scenario, import_size: Option<usize>) -> (usize, usize) {
    let posts = |path: &str| scenario.steps.iter().filter(|s| s.method == "POST" && s.path == path).count();
    let largest = import_size.unwrap_or_default().max(AT_ONCE);
    let cases = scenario.cases.iter().filter(|case| case.volume.is_none_or(|size| size <= largest));
    cases.fold((0, 0), |sum, case| {
        let given = scenario.given.iter().fold(sum, |(users, groups), (_, given)| match given {
            Given::User { count, .. } => (users + count.of(case), groups),
            Given::Group { count, .. } => (users, groups + count.of(case)),
        });
        (given.0 + posts("/Users"), given.1 + posts("/Groups"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::load;

    #[test]
    fn volumes_are_counted_as_far_as_they_were_asked_for() {
        let mut catalogue = load(None, None).expect("catalogue");
        catalogue.add_volume(150);
        let volume = catalogue.scenarios.iter().find(|s| s.id == "import.users-volume").expect("scenario");
        assert_eq!(creates(volume, None), (1, 0));
        assert_eq!(creates(volume, Some(100)), (101, 0));
        assert_eq!(creates(volume, Some(150)), (352, 0));
    }
}
