# SPDX-License-Identifier: GPL-2.0-or-later
# tcphs.bash - completes tcphs in bash. Options and rules are asked of tcphs itself.

# _tcphs_options PROGRAM: the long options, a line each; those that take a value end with '='.
_tcphs_options()
{
	"$1" --help 2>/dev/null | sed -n 's/^ *\(-[a-z], \)\{0,1\}\(--[a-z-]*=\{0,1\}\).*/\2/p'
}

# _tcphs_rules PROGRAM: the ids of all rules.
_tcphs_rules()
{
	"$1" --list-rules 2>/dev/null | sed 's/ .*//'
}

# _tcphs_list WORD...: completes what stands after the last comma.
_tcphs_list()
{
	local prefix=""

	[[ $cur == *,* ]] && prefix=${cur%,*},
	mapfile -t COMPREPLY < <(compgen -P "$prefix" -W "$*" -- "${cur##*,}")
	compopt -o nospace
}

# _tcphs_one WORD...: completes one of them.
_tcphs_one()
{
	mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur")
}

_tcphs()
{
	local cur prev words cword split
	local formats="table ndjson csv junit zeek html summary stats none"
	local verdicts="complete half_open incomplete malformed unknown"
	local reasons="three_way simultaneous_open split fast_open no_final_ack peer_lost_state unanswered refused
		unreachable aborted_by_client aborted_by_server bad_arithmetic bad_flags bad_segment midstream one_sided
		capture_ended truncated superseded"

	_init_completion -s || return
	case $prev in
		--format | -f) _tcphs_one "$formats" ;;
		--color) _tcphs_one auto always never ;;
		--stream-rule) _tcphs_one ws40 ws44 ;;
		--list-rules) _tcphs_one md ;;
		--explain) _tcphs_one "$verdicts $reasons $(_tcphs_rules "$1")" ;;
		--fail-on) _tcphs_list "$verdicts $reasons $(_tcphs_rules "$1") never" ;;
		--select) _tcphs_list "$verdicts $reasons $(_tcphs_rules "$1") all" ;;
		--write) _filedir ;;
		--severity)
			mapfile -t COMPREPLY < <(compgen -S = -W "$(_tcphs_rules "$1")" -- "$cur")
			compopt -o nospace
			;;
		--report)
			mapfile -t COMPREPLY < <(compgen -S = -W "$formats" -- "$cur")
			compopt -o nospace
			;;
		*)
			$split && return
			if [[ $cur == -* ]]; then
				_tcphs_one "$(_tcphs_options "$1")"
				[[ ${COMPREPLY-} == *= ]] && compopt -o nospace
			else
				_filedir
			fi
			;;
	esac
} && complete -F _tcphs tcphs
