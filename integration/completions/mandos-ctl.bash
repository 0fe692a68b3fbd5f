# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Made of mandos-ctl's table of options; a test tells when it is old.
_mandos_ctl() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} name
	COMPREPLY=()
	case $previous in
	--secret | -s | --add)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--checker | -c)
		mapfile -t COMPREPLY < <(compgen -c -- "$current")
		return
		;;
	--host | -H)
		mapfile -t COMPREPLY < <(compgen -A hostname -- "$current")
		return
		;;
	--log-level)
		mapfile -t COMPREPLY < <(compgen -W 'CRITICAL ERROR WARNING INFO DEBUG' -- "$current")
		return
		;;
	--timeout | -t | --extended-timeout | --interval | -i | --approval-delay | --approval-duration)
		: # a time is the user's to think of
		return
		;;
	esac
	if [[ $current == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--verbose -v --dump-json -j --names --metrics --events --all -a --is-enabled -V --enable -e --disable -d --bump-timeout -b --start-checker --stop-checker --remove -r --checker -c --timeout -t --extended-timeout --interval -i --approve-by-default --deny-by-default --approval-delay --approval-duration --host -H --secret -s --approve -A --deny -D --add --reload --lockdown --lift --log-level --help -h --version --check --debug --dry-run --strict' -- "$current")
		return
	fi
	while IFS= read -r name; do
		if [[ $name == "$current"* ]]; then
			printf -v name %q "$name"
			COMPREPLY+=("$name")
		fi
	done < <(mandos-ctl --names 2>/dev/null)
}
complete -F _mandos_ctl mandos-ctl
