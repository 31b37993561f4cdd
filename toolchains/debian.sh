# shellcheck shell=bash disable=SC2154
# Packages and sources of one fixed Debian release, fetched with a private apt configuration: nothing
# is installed, no root is needed and the system's own sources stay as they are.

debian_suite=trixie
debian_root=$cache/debian-$debian_suite

# The mirror that this machine already uses for Debian, so that proxies and local mirrors hold.
debian_mirror() {
  local mirror=${PARLEY_DEBIAN_MIRROR:-}
  # shellcheck disable=SC2016
  [[ -n $mirror ]] || mirror=$(apt-get indextargets --format '$(REPO_URI)' \
    'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | sed -n 1p)
  [[ -n $mirror ]] || die "apt has no Debian mirror here; set PARLEY_DEBIAN_MIRROR to the address of one"
  echo "$mirror"
}

debian_configure() {
  local keyring=/usr/share/keyrings/debian-archive-keyring.gpg mirror kind
  mirror=$(debian_mirror)
  mkdir -p "$debian_root"/{etc,state/lists/partial,cache/archives/partial}
  : >"$debian_root/state/status"
  for kind in deb deb-src; do
    echo "$kind [signed-by=$keyring] $mirror $debian_suite main"
  done >"$debian_root/etc/sources.list"
  cat >"$debian_root/etc/apt.conf" <<CONF
Dir::Etc "$debian_root/etc";
Dir::Etc::SourceList "$debian_root/etc/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Parts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::Etc::Trusted "/dev/null";
Dir::Etc::TrustedParts "/dev/null";
Dir::State "$debian_root/state";
Dir::State::status "$debian_root/state/status";
Dir::Cache "$debian_root/cache";
Acquire::Languages "none";
APT::Sandbox::User "";
CONF
}

debian_apt() {
  local command=$1
  shift
  APT_CONFIG=$debian_root/etc/apt.conf "$command" -q "$@"
}

# Called by recipes before the first fetch; costs one index download an hour at most.
debian_update() {
  local stamp=$debian_root/updated
  [[ -z $(find "$stamp" -mmin -60 2>/dev/null) ]] || return 0
  debian_configure
  debian_apt apt-get update
  touch "$stamp"
}

# debian_unpack FOLDER PACKAGE[=VERSION] [TAR_OPTION...]: unpacks a binary package.
debian_unpack() {
  local folder=$1 package=$2 download
  shift 2
  download=$(mktemp -d)
  (cd "$download" && debian_apt apt-get download "$package")
  mkdir -p "$folder"
  dpkg-deb --fsys-tarfile "$download"/*.deb | tar -x -C "$folder" "$@"
  rm -r "$download"
}

# debian_source FOLDER NAME VERSION: unpacks a source package with Debian's patches applied, after
# comparing the upstream archive with sources.txt.
debian_source() {
  local folder=$1 name=$2 version=$3 download pins
  download=$(mktemp -d)
  pins=$(grep -F " ${name}_$version" "$toolchains/sources.txt")
  (
    cd "$download" || exit
    debian_apt apt-get source --only-source --download-only "$name"
    sha256sum --check --strict <<<"$pins"
    dpkg-source --no-check --extract ./*.dsc "$folder"
  )
  rm -r "$download"
}
