//! Verdict + options + known-failures file -> did the run pass, and by which rule.
