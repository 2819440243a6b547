//! Comparing text without regard to case (RFC 7644 §5, §7.8): one prepared form for spellings that mean the same.

use icu_normalizer::ComposingNormalizerBorrowed;

/// The form in which two texts are compared when case does not matter: lower case, composed, wide and other compatibility
/// forms mapped to plain ones. That is what the PRECIS `UsernameCaseMapped` profile prepares, without its prohibitions.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let normalizer = ComposingNormalizerBorrowed::new_nfkc();
    let lower = normalizer.normalize(text).to_lowercase();
    normalizer.normalize(&lower).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_composition_and_width_do_not_matter() {
        assert_eq!(fold("Tomás"), fold("TOMA\u{301}S"));
        assert_eq!(fold("ａｎｎ"), "ann");
        assert_eq!(fold("ÅSE"), fold("A\u{30a}se"));
        assert_ne!(fold("Tomás"), fold("Tomas"));
    }
}
