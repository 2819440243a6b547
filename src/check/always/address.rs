//! The rule on addresses: whether Location and meta.location lead back to the resource they came with.

use percent_encoding::percent_decode_str;
use serde_json::Value;
use url::Url;

use super::super::{Finding, Judgement, pointer, show};
use super::Rules;
use super::resource::each;
use super::target::{Kind, Seen, Target};

/// Judges both addresses of every resource in a successful answer that tells any.
pub(super) fn leads_back(seen: &Seen<'_>, rules: &Rules) -> Judgement {
    let Some(base) = &rules.base else { return Judgement::Skipped("the base URL is no URL".to_owned()) };
    let header = seen.exchange.response.as_ref().filter(|response| response.status == 201);
    let header = header.and_then(|response| response.header("Location"));
    let told = |_: &Target, resource: &Value| header.is_some() || in_meta(resource).is_some();
    each(seen, told, |target, at, resource| {
        let id = pointer::get(resource, "id")?.as_str()?;
        let endpoint = if target.kind == Kind::User { "Users" } else { "Groups" };
        let mut told = [header, in_meta(resource)].into_iter().flatten();
        if told.all(|address| is_spelt_as_usual(base, address, endpoint, id)) {
            return None;
        }
        let mut wanted = base.clone();
        wanted.path_segments_mut().ok()?.pop_if_empty().push(endpoint).push(id);
        let in_meta = in_meta(resource).map(|address| (pointer::below(&at.below("meta"), "location"), address));
        let in_header = header.map(|address| ("header Location".to_owned(), address));
        let told = [in_header, in_meta].into_iter().flatten();
        let (place, address) = told.into_iter().find(|(_, address)| !same(base, address, &wanted))?;
        let message = format!("{place} is {}, expected {wanted}", show::quoted(address, 200));
        Some(Finding::new(&place, &message, Some(Value::from(wanted.as_str())), Some(&Value::from(address))))
    })
}

/// The address letter for letter, where no letter of the id can be written in two ways: most are, and need not be parsed.
fn is_spelt_as_usual(base: &Url, address: &str, endpoint: &str, id: &str) -> bool {
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_');
    let rest = address.strip_prefix(base.as_str()).and_then(|rest| rest.strip_prefix(endpoint));
    rest.and_then(|rest| rest.strip_prefix('/')) == Some(id) && !id.is_empty() && id.bytes().all(plain)
}

fn in_meta(resource: &Value) -> Option<&str> {
    pointer::get(pointer::get(resource, "meta")?, "location")?.as_str()
}

/// True when an address, absolute or relative to the base, is the wanted one; however it is encoded, and with or without a
/// slash at its end.
fn same(base: &Url, address: &str, wanted: &Url) -> bool {
    let path = |url: &Url| {
        let path = percent_decode_str(url.path()).decode_utf8_lossy().into_owned();
        path.trim_end_matches('/').to_owned()
    };
    base.join(address).is_ok_and(|url| url.origin() == wanted.origin() && path(&url) == path(wanted))
}
