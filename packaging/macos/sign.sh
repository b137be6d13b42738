#!/usr/bin/env bash
# Signs and notarizes the program and its disk image. Without an identity nothing is signed, and it says so.
#   MODELYARD_SIGN_IDENTITY      "Developer ID Application: …"
#   MODELYARD_NOTARY_PROFILE     a profile stored by `xcrun notarytool store-credentials`
set -euo pipefail
target=$1
if [ -z "${MODELYARD_SIGN_IDENTITY:-}" ]; then
  echo "not signed: MODELYARD_SIGN_IDENTITY is not set"
  exit 0
fi
here=$(cd "$(dirname "$0")" && pwd)
if [ -d "$target" ]; then
  # From the inside out: every library first, then the frameworks, the bundle last.
  # By what they are, not by their names: the libraries of Qt's frameworks have no ending.
  find "$target/Contents" -type f -print0 | while IFS= read -r -d '' file; do
    if file -b "$file" | grep -q 'Mach-O'; then
      codesign --force --timestamp --options runtime --sign "$MODELYARD_SIGN_IDENTITY" "$file"
    fi
  done
  find "$target/Contents" -type d -name '*.framework' -print0 | while IFS= read -r -d '' framework; do
    codesign --force --timestamp --options runtime --sign "$MODELYARD_SIGN_IDENTITY" "$framework"
  done
  codesign --force --timestamp --options runtime --entitlements "$here/entitlements.plist" \
    --sign "$MODELYARD_SIGN_IDENTITY" "$target"
  codesign --verify --deep --strict "$target"
else
  codesign --force --timestamp --sign "$MODELYARD_SIGN_IDENTITY" "$target"
  if [ -n "${MODELYARD_NOTARY_PROFILE:-}" ]; then
    xcrun notarytool submit "$target" --keychain-profile "$MODELYARD_NOTARY_PROFILE" --wait
    xcrun stapler staple "$target"
  fi
fi
