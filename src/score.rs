//! Findings -> capabilities, verdict, score, counts. Pure: the same outcome gives the same bytes.
