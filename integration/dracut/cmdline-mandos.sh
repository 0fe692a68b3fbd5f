#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dracut's cmdline hook, sourced in the boot image: what the kernel command line says about Mandos.
#
#   mandos=off                   Mandos is not asked
#   mandos=connect:ADDRESS:PORT  this server is asked; the network is for ip= and dracut to configure
#   mandos=debug                 the client says what it does
# Several words are separated by commas.
#
# Without systemd, the function that asks for a disk's password is replaced by one that runs
# plugin-runner.

# Everything in shells of their own: the hooks that follow must find nothing of it.
mandos_options() (
	set -f
	IFS=,
	# shellcheck disable=SC2046 # to be split
	for mandos_word in $(getargs mandos=); do
		case $mandos_word in
		connect:*) printf ' --connect=%s' "${mandos_word#connect:}" ;;
		debug) printf ' --debug' ;;
		esac
	done
)

mandos_set_options() (
	options=$(mandos_options)
	if [ -z "$options" ]; then
		return
	elif [ -e /lib/mandos/password-agent ]; then
		printf 'MANDOS_BOOT_OPTIONS=%s\n' "${options# }" >/run/mandos-client.env
	else
		for option in $options; do
			printf '\n--options-for=mandos-client:%s\n' "$option" >>/etc/mandos/plugin-runner.conf
		done
	fi
)

mandos_replace_question() {
	sed -i 's/^ask_for_password()/dracut_&/' /lib/dracut-crypt-lib.sh
	cat >>/lib/dracut-crypt-lib.sh <<-'LIBRARY'
		# Appended by Mandos. A shell of its own: nothing is left for the next disk.
		mandos_ask_for_password() (
			ply_cmd='' tty_cmd='' ply_prompt='' tty_prompt='' device='' name=''
			while [ $# -gt 0 ]; do
				case $1 in
				--cmd) ply_cmd=$2 tty_cmd=$2 && shift ;;
				--ply-cmd) ply_cmd=$2 && shift ;;
				--tty-cmd) tty_cmd=$2 && shift ;;
				--prompt) ply_prompt=$2 tty_prompt=$2 && shift ;;
				--ply-prompt) ply_prompt=$2 && shift ;;
				--tty-prompt) tty_prompt=$2 && shift ;;
				--tries | --ply-tries | --tty-tries) shift ;;
				esac
				shift
			done
			command=${ply_cmd:-$tty_cmd}
			# cryptsetup OPTION... luksOpen OPTION... DEVICE NAME
			for word in $command; do
				case $word in
				-*) ;;
				*) device=$name name=$word ;;
				esac
			done
			# A comma would separate options.
			without_commas() (
				set -f
				IFS=,
				set -- $1
				IFS=' '
				printf '%s' "$*"
			)
			set -- --config-file=/etc/mandos/plugin-runner.conf
			if [ -n "$tty_prompt" ]; then
				set -- "$@" "--options-for=password-prompt:--prompt=$(without_commas "$tty_prompt")"
			fi
			if [ -n "$ply_prompt" ]; then
				set -- "$@" "--options-for=plymouth:--prompt=$(without_commas "$ply_prompt")"
			fi
			{
				flock -s 9
				CRYPTTAB_SOURCE=$device cryptsource=$device CRYPTTAB_NAME=$name crypttarget=$name \
					/lib/mandos/plugin-runner "$@" | eval "$command"
			} 9>/.console_lock
		)

		# A password that does not fit is a person's turn, as dracut asks it.
		ask_for_password() {
			mandos_ask_for_password "$@" || dracut_ask_for_password "$@"
		}
	LIBRARY
}

if getargbool 1 mandos; then
	mandos_set_options
	if [ -e /lib/dracut-crypt-lib.sh ] && [ -x /lib/mandos/plugin-runner ]; then
		mandos_replace_question
	fi
fi
