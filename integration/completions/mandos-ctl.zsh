#compdef mandos-ctl
# SPDX-License-Identifier: GPL-3.0-or-later
# Made of mandos-ctl's table of options; a test tells when it is old.
_mandos_ctl_clients() {
	local -a clients
	clients=(${(f)"$(_call_program clients mandos-ctl --names 2>/dev/null)"})
	compadd -a clients
}

_arguments -s -S \
	'(-v --verbose)'{-v,--verbose}'[list all columns]' \
	'(-j --dump-json)'{-j,--dump-json}'[list as JSON]' \
	'(--names)--names[list nothing but names, one a line]' \
	'(--metrics)--metrics[print figures for monitoring, as OpenMetrics]' \
	'(--events)--events[print what happens until interrupted; with --dump-json as lines of JSON]' \
	'(-a --all)'{-a,--all}'[select all clients]' \
	'(-V --is-enabled)'{-V,--is-enabled}'[tell by the exit status whether it is enabled]' \
	'(-e --enable -d --disable)'{-e,--enable}'[enable]' \
	'(-d --disable -e --enable)'{-d,--disable}'[disable]' \
	'(-b --bump-timeout)'{-b,--bump-timeout}'[go on as if a check had just succeeded]' \
	'(--start-checker --stop-checker)--start-checker[start a check now]' \
	'(--stop-checker --start-checker)--stop-checker[abort a check that is under way]' \
	'(-r --remove)'{-r,--remove}'[remove from the server]' \
	'(-c --checker)'{-c+,--checker=}'[set the checker command]:command:_cmdstring' \
	'(-t --timeout)'{-t+,--timeout=}'[set the timeout]:time\: PT5M, P1D:' \
	'(--extended-timeout)--extended-timeout=[set the timeout after the password was given]:time\: PT5M, P1D:' \
	'(-i --interval)'{-i+,--interval=}'[set the time between checks]:time\: PT5M, P1D:' \
	'(--approve-by-default --deny-by-default)--approve-by-default[give the password if nobody decides]' \
	'(--deny-by-default --approve-by-default)--deny-by-default[refuse it if nobody decides]' \
	'(--approval-delay)--approval-delay=[set the time to wait for a decision]:time\: PT5M, P1D:' \
	'(--approval-duration)--approval-duration=[set how long one decision counts]:time\: PT5M, P1D:' \
	'(-H --host)'{-H+,--host=}'[set the host for the checker]:host:_hosts' \
	'(-s --secret)'{-s+,--secret=}'[set the encrypted password to the bytes of a file]:file:_files' \
	'(-A --approve -D --deny)'{-A,--approve}'[give the password to those who wait for it]' \
	'(-D --deny -A --approve)'{-D,--deny}'[refuse it to those who wait for it]' \
	'(--add)--add=[add the clients of a file in clients.conf'\''s form]:file:_files' \
	'(--reload)--reload[read the configured clients again]' \
	'(--lockdown)--lockdown[give no password to anybody]' \
	'(--lift)--lift[end a lockdown]' \
	'(--log-level)--log-level=[set what the server logs]:level:(CRITICAL ERROR WARNING INFO DEBUG)' \
	'(-h --help)'{-h,--help}'[print this and exit]' \
	'(--version)--version[print the version and exit]' \
	'(--check)--check[test the program itself and exit]' \
	'(--debug)--debug[show each call on the bus]' \
	'(--dry-run)--dry-run[print what would be called, and call nothing]' \
	'(--strict)--strict[with --is-enabled\: exit status 3 if it could not be found out]' \
	'*:client:_mandos_ctl_clients'
