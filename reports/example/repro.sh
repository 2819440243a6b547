#!/bin/sh
# Sends the request behind a failed check again. `sh repro.sh` lists the checks, `sh repro.sh ID` plays one.
# SCIM_TOKEN is the credential, as for `scimulate run`. What a run creates it removes again: play the scenario with
# --keep first and put the new ids into the paths where an answer is 404.
set -u
[ -n "${SCIM_BASE_URL:-}" ] || SCIM_BASE_URL='http://127.0.0.1:32975/scim/v2'

case "${1:-}" in
'users.deactivate/echo')
  # /active is true, expected false
  # Answer with the state after the change: active is false.
  # scimulate run users.deactivate --seed 4711 --keep
  : "${SCIM_TOKEN:?give the credential in SCIM_TOKEN}"
  curl -sS -i -X PATCH "$SCIM_BASE_URL"'/Users/e3703948-866f-41b5-a030-c06b91a62178' \
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
  # scimulate run users.deactivate --seed 4711 --keep
  : "${SCIM_TOKEN:?give the credential in SCIM_TOKEN}"
  curl -sS -i -X PATCH "$SCIM_BASE_URL"'/Users/e3703948-866f-41b5-a030-c06b91a62178' \
  -H "Authorization: Bearer $SCIM_TOKEN" \
  -H 'User-Agent: Okta SCIM Client 1.0.0' \
  -H 'Accept: application/scim+json' \
  -H 'Accept-Charset: utf-8' \
  -H 'Content-Type: application/scim+json; charset=utf-8' \
  --data-raw '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":false}}]}'
  echo
  curl -sS -i -X GET "$SCIM_BASE_URL"'/Users/e3703948-866f-41b5-a030-c06b91a62178' \
  -H "Authorization: Bearer $SCIM_TOKEN" \
  -H 'User-Agent: Okta SCIM Client 1.0.0' \
  -H 'Accept: application/scim+json' \
  -H 'Accept-Charset: utf-8'
  echo
  ;;
'users.deactivate/found-inactive')
  # /Resources/0/active is true, expected false
  # Show active=false in lists as well: imports read nothing else.
  # scimulate run users.deactivate --seed 4711 --keep
  : "${SCIM_TOKEN:?give the credential in SCIM_TOKEN}"
  curl -sS -i -X PATCH "$SCIM_BASE_URL"'/Users/e3703948-866f-41b5-a030-c06b91a62178' \
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
  # scimulate run users.deactivate --seed 4711 --keep
  : "${SCIM_TOKEN:?give the credential in SCIM_TOKEN}"
  curl -sS -i -X PATCH "$SCIM_BASE_URL"'/Users/e3703948-866f-41b5-a030-c06b91a62178' \
  -H "Authorization: Bearer $SCIM_TOKEN" \
  -H 'User-Agent: Okta SCIM Client 1.0.0' \
  -H 'Accept: application/scim+json' \
  -H 'Accept-Charset: utf-8' \
  -H 'Content-Type: application/scim+json; charset=utf-8' \
  --data-raw '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":false}}]}'
  echo
  curl -sS -i -X GET "$SCIM_BASE_URL"'/Users/e3703948-866f-41b5-a030-c06b91a62178' \
  -H "Authorization: Bearer $SCIM_TOKEN" \
  -H 'User-Agent: Okta SCIM Client 1.0.0' \
  -H 'Accept: application/scim+json' \
  -H 'Accept-Charset: utf-8'
  echo
  ;;
'users.reactivate/before-inactive')
  # /active is true, expected false
  # Store active=false when Okta deactivates; see users.deactivate.
  # scimulate run users.reactivate --seed 4711 --keep
  : "${SCIM_TOKEN:?give the credential in SCIM_TOKEN}"
  curl -sS -i -X PATCH "$SCIM_BASE_URL"'/Users/7fcabd98-e7df-4587-b8a9-ec949fe4c8d2' \
  -H "Authorization: Bearer $SCIM_TOKEN" \
  -H 'User-Agent: Okta SCIM Client 1.0.0' \
  -H 'Accept: application/scim+json' \
  -H 'Accept-Charset: utf-8' \
  -H 'Content-Type: application/scim+json; charset=utf-8' \
  --data-raw '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":false}}]}'
  echo
  curl -sS -i -X GET "$SCIM_BASE_URL"'/Users/3292af7a-ed99-49e1-adc6-547611f1faeb' \
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
