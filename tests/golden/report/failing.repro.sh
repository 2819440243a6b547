#!/bin/sh
# Sends the request behind a failed check again. `sh repro.sh` lists the checks, `sh repro.sh ID` plays one.
# SCIM_TOKEN is the credential, as for `scimulate run`. What a run creates it removes again: play the scenario with
# --keep first and put the new ids into the paths where an answer is 404.
set -u
[ -n "${SCIM_BASE_URL:-}" ] || SCIM_BASE_URL='https://api.example.test/scim/v2'

case "${1:-}" in
'users.deactivate/persisted')
  # expected false, actual true
  # Store the new value of active; a 200 answer alone does not deactivate anyone.
  # scimulate run users.deactivate --seed 4711 --keep
  : "${SCIM_BASE_URL:?give the base URL in SCIM_BASE_URL}"
  : "${SCIM_TOKEN:?give the credential in SCIM_TOKEN}"
  curl -sS -i -X PATCH "$SCIM_BASE_URL"'/Users/2819c223' \
  -H "Authorization: $SCIM_TOKEN" \
  -H 'Accept: application/scim+json' \
  --data-raw '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":false}}]}'
  echo
  curl -sS -i -X GET "$SCIM_BASE_URL"'/Users/2819c223' \
  -H "Authorization: $SCIM_TOKEN" \
  -H 'Accept: application/scim+json'
  echo
  ;;
'')
  printf '%s\n' \
    'users.deactivate/persisted'
  ;;
*)
  echo "no failed check has this id; without an id they are listed" >&2
  exit 2
  ;;
esac
