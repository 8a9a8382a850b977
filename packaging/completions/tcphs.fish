# SPDX-License-Identifier: GPL-2.0-or-later
# tcphs.fish - completes tcphs in fish. Rules are asked of tcphs itself.

set -g __tcphs_formats table ndjson csv junit zeek html summary stats none
set -g __tcphs_verdicts complete half_open incomplete malformed unknown
set -g __tcphs_reasons three_way simultaneous_open split fast_open no_final_ack peer_lost_state unanswered refused \
	unreachable aborted_by_client aborted_by_server bad_arithmetic bad_flags bad_segment midstream one_sided \
	capture_ended truncated superseded

function __tcphs_rules
	tcphs --list-rules 2>/dev/null | string replace -r ' .*' ''
end

function __tcphs_words
	printf '%s\n' $__tcphs_verdicts $__tcphs_reasons
	__tcphs_rules
end

# What stands after the last comma of a list that is being typed; |argv| is the word that stands alone.
function __tcphs_list
	set -l typed (commandline -ct | string replace -r '^--[a-z-]+=' '')
	set -l before (string replace -rf '^(.*,).*$' '$1' -- $typed)
	printf '%s\n' $before(__tcphs_words; echo $argv[1])
end

complete -c tcphs -s h -l help -d 'Show the options'
complete -c tcphs -s f -l format -x -a "$__tcphs_formats" -d 'Form of the report'
complete -c tcphs -l stats -d 'Counts and percentiles per server'
complete -c tcphs -l ladder -x -d 'Draw a connection'
complete -c tcphs -s o -l output -r -d 'File for the report'
complete -c tcphs -l report -x -a "$__tcphs_formats=" -d 'Another report, to a file'
complete -c tcphs -l policy -r -d 'Severities, thresholds and expectations'
complete -c tcphs -l baseline -r -d 'Leave out what an earlier report has'
complete -c tcphs -l fail-on -x -a '(__tcphs_list never)' -d 'What makes it fail'
complete -c tcphs -l write -r -d 'Pcapng for frames of failed connections'
complete -c tcphs -l select -x -a '(__tcphs_list all)' -d 'What is written instead'
complete -c tcphs -l join -d 'Take all inputs as one capture'
complete -c tcphs -l filter -x -d 'Only frames that match'
complete -c tcphs -l max-expansion -x -d 'How far unpacking may go'
complete -c tcphs -l severity -x -a '(__tcphs_rules)=' -d 'Show a rule as something else'
complete -c tcphs -l horizon -x -d 'Time for an answer before the capture ends'
complete -c tcphs -l linger -x -d 'Time for late segments after a close'
complete -c tcphs -l forget -x -d 'Drop connections idle for this long'
complete -c tcphs -l max-connections -x -d 'Keep no more than this many'
complete -c tcphs -l slow -x -d 'A handshake that takes longer is slow'
complete -c tcphs -l stream-rule -x -a 'ws40 ws44' -d 'How streams are numbered'
complete -c tcphs -s j -l jobs -x -d 'Inputs read at a time'
complete -c tcphs -l checksums -d 'Verify TCP checksums'
complete -c tcphs -l no-sandbox -d 'Keep privileges that are not needed'
complete -c tcphs -l color -x -a 'auto always never' -d 'Colour'
complete -c tcphs -l explain -x -a '(__tcphs_words)' -d 'Explain a rule, verdict or reason'
complete -c tcphs -l list-rules -d 'List all rules'
complete -c tcphs -l version -d 'Print the version'
