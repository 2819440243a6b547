//! The run token in a name: the mark by which what a run creates is told from everything else.

/// Does a text carry the run token, as a word of its own? `dev` is in `ann-dev-1@example.com`, and not in `devon`.
pub(super) fn carries(text: &str, token: &str) -> bool {
    let text = text.to_lowercase();
    let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    let alone = |at: usize| edge(text[..at].chars().next_back()) && edge(text[at + token.len()..].chars().next());
    !token.is_empty() && text.match_indices(token).any(|(at, _)| alone(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_a_word_of_its_own() {
        for ours in ["scimulate-ann-dev-1@x", "SCIMULATE-ANN-DEV-1@X", "Paris Team dev-ab", "dev", "devon-dev"] {
            assert!(carries(ours, "dev"), "{ours}");
        }
        for other in ["devon@x", "ann.mcdev@x", "développer", "éDev", "", "de-v"] {
            assert!(!carries(other, "dev"), "{other}");
        }
        assert!(!carries("anything", ""));
    }
}
