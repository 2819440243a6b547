#!/bin/sh
# Sends the request behind a failed check again. `sh repro.sh` lists the checks, `sh repro.sh ID` plays one.
# SCIM_TOKEN is the credential, as for `scimulate run`. What a run creates it removes again: play the scenario with
# --keep first and put the new ids into the paths where an answer is 404.
set -u
# The target was the built-in server of that run, which has ended. This starts such a one and prints what
# SCIM_BASE_URL and SCIM_TOKEN are: scimulate serve --fault deactivate_noop

case "${1:-}" in
'users.deactivate/echo')
  # /active is true, expected false
  # Answer with the state after the change: active is false.
  # scimulate run --reference --fault deactivate_noop users.deactivate --seed 4711
  : "${SCIM_BASE_URL:?give the base URL in SCIM_BASE_URL}"
  : "${SCIM_TOKEN:?give the credential in SCIM_TOKEN}"
  curl -sS -i -X PATCH "$SCIM_BASE_URL"'/Users/56bce8a1-f747-496c-9ae4-4bfa2806dc13' \
  -H "Authorization: Bearer $SCIM_TOKEN" \
  -H 'User-Agent: Okta SCIM Client 1.0.0' \
  -H 'Accept: application/scim+json' \
  -H 'Accept-Charset: utf-8' \
  -H 'Content-Type: application/scim+json; charset=utf-8' \
  --data-raw '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":false}}]}'
  echo
  ;;
'users.deactivate/persisted')
  # /active is true, expected false
  # Store the new value of active; a 200 answer alone does not deactivate anyone.
  # scimulate run --reference --fault deactivate_noop users.deactivate --seed 4711
  : "${SCIM_BASE_URL:?give the base URL in SCIM_BASE_URL}"
  : "${SCIM_TOKEN:?give the credential in SCIM_TOKEN}"
  curl -sS -i -X PATCH "$SCIM_BASE_URL"'/Users/56bce8a1-f747-496c-9ae4-4bfa2806dc13' \
  -H "Authorization: Bearer $SCIM_TOKEN" \
  -H 'User-Agent: Okta SCIM Client 1.0.0' \
  -H 'Accept: application/scim+json' \
  -H 'Accept-Charset: utf-8' \
  -H 'Content-Type: application/scim+json; charset=utf-8' \
  --data-raw '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":false}}]}'
  echo
  curl -sS -i -X GET "$SCIM_BASE_URL"'/Users/56bce8a1-f747-496c-9ae4-4bfa2806dc13' \
  -H "Authorization: Bearer $SCIM_TOKEN" \
  -H 'User-Agent: Okta SCIM Client 1.0.0' \
  -H 'Accept: application/scim+json' \
  -H 'Accept-Charset: utf-8'
  echo
  ;;
'users.deactivate/found-inactive')
  # /Resources/0/active is true, expected false
  # Show active=false in lists as well: imports read nothing else.
  # scimulate run --reference --fault deactivate_noop users.deactivate --seed 4711
  : "${SCIM_BASE_URL:?give the base URL in SCIM_BASE_URL}"
  : "${SCIM_TOKEN:?give the credential in SCIM_TOKEN}"
  curl -sS -i -X PATCH "$SCIM_BASE_URL"'/Users/56bce8a1-f747-496c-9ae4-4bfa2806dc13' \
  -H "Authorization: Bearer $SCIM_TOKEN" \
  -H 'User-Agent: Okta SCIM Client 1.0.0' \
  -H 'Accept: application/scim+json' \
  -H 'Accept-Charset: utf-8' \
  -H 'Content-Type: application/scim+json; charset=utf-8' \
  --data-raw '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":false}}]}'
  echo
  curl -sS -i -X GET "$SCIM_BASE_URL"'/Users?filter=userName%20eq%20%22scimulate-sean.pagac-example-kn3k68%40example.com%22&startIndex=1&count=100' \
  -H "Authorization: Bearer $SCIM_TOKEN" \
  -H 'User-Agent: Okta SCIM Client 1.0.0' \
  -H 'Accept: application/scim+json' \
  -H 'Accept-Charset: utf-8'
  echo
  ;;
'users.deactivate/still-inactive')
  # /active is true, expected false
  # A repeated active=false leaves the user inactive.
  # scimulate run --reference --fault deactivate_noop users.deactivate --seed 4711
  : "${SCIM_BASE_URL:?give the base URL in SCIM_BASE_URL}"
  : "${SCIM_TOKEN:?give the credential in SCIM_TOKEN}"
  curl -sS -i -X PATCH "$SCIM_BASE_URL"'/Users/56bce8a1-f747-496c-9ae4-4bfa2806dc13' \
  -H "Authorization: Bearer $SCIM_TOKEN" \
  -H 'User-Agent: Okta SCIM Client 1.0.0' \
  -H 'Accept: application/scim+json' \
  -H 'Accept-Charset: utf-8' \
  -H 'Content-Type: application/scim+json; charset=utf-8' \
  --data-raw '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":false}}]}'
  echo
  curl -sS -i -X GET "$SCIM_BASE_URL"'/Users/56bce8a1-f747-496c-9ae4-4bfa2806dc13' \
  -H "Authorization: Bearer $SCIM_TOKEN" \
  -H 'User-Agent: Okta SCIM Client 1.0.0' \
  -H 'Accept: application/scim+json' \
  -H 'Accept-Charset: utf-8'
  echo
  ;;
'users.reactivate/before-inactive')
  # /active is true, expected false
  # Store active=false when Okta deactivates; see users.deactivate.
  # scimulate run --reference --fault deactivate_noop users.reactivate --seed 4711
  : "${SCIM_BASE_URL:?give the base URL in SCIM_BASE_URL}"
  : "${SCIM_TOKEN:?give the credential in SCIM_TOKEN}"
  curl -sS -i -X PATCH "$SCIM_BASE_URL"'/Users/813a7dd1-8404-4297-8f81-8e8486d8d639' \
  -H "Authorization: Bearer $SCIM_TOKEN" \
  -H 'User-Agent: Okta SCIM Client 1.0.0' \
  -H 'Accept: application/scim+json' \
  -H 'Accept-Charset: utf-8' \
  -H 'Content-Type: application/scim+json; charset=utf-8' \
  --data-raw '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":false}}]}'
  echo
  curl -sS -i -X GET "$SCIM_BASE_URL"'/Users/97598bb3-cc5f-46bd-b2bb-c2dfd69b4cea' \
  -H "Authorization: Bearer $SCIM_TOKEN" \
  -H 'User-Agent: Okta SCIM Client 1.0.0' \
  -H 'Accept: application/scim+json' \
  -H 'Accept-Charset: utf-8'
  echo
  ;;
'')
  printf '%s\n' \
    'users.deactivate/echo' \
    'users.deactivate/persisted' \
    'users.deactivate/found-inactive' \
    'users.deactivate/still-inactive' \
    'users.reactivate/before-inactive'
  ;;
*)
  echo "no failed check has this id; without an id they are listed" >&2
  exit 2
  ;;
esac
