/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plugin.c - what Wireshark sees of tcphs.so: its version, its registration, its preferences.
 *
 * Theory of operation. Wireshark loads the shared object, compares plugin_want_major and plugin_want_minor with itself,
 * and calls plugin_register(). Protocol registration comes next; the handoff follows when all built-in protocols have
 * filled their tables, so that ours can be chained before theirs.
 */
#include "plugin.h"

#include "fields.h"
#include "stats.h"

WS_DLL_PUBLIC_DEF const gchar plugin_version[] = TCPHS_VERSION;
WS_DLL_PUBLIC_DEF const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
WS_DLL_PUBLIC_DEF const int plugin_want_minor = WIRESHARK_VERSION_MINOR;

WS_DLL_PUBLIC void plugin_register(void);
#ifdef WS_PLUGIN_DESC_DISSECTOR
WS_DLL_PUBLIC uint32_t plugin_describe(void);
#endif

struct tcphs_preferences tcphs_preferences;

/** register_preferences(): the engine's defaults are the preferences' defaults. */
static void register_preferences(void)
{
	module_t *module = prefs_register_protocol(tcphs_proto, NULL);
	struct tcphs_config config;

	tcphs_config_default(&config);
	tcphs_preferences.horizon = (guint)(config.horizon / TCPHS_SECOND);
	tcphs_preferences.linger = (guint)(config.linger / TCPHS_SECOND);
	tcphs_preferences.slow = (guint)(config.slow / TCPHS_MILLISECOND);
	tcphs_preferences.info_marks = TRUE;
	prefs_register_uint_preference(module, "horizon", "Time for an answer (seconds)",
		"A SYN or SYN-ACK is unanswered if the capture goes on for so long without an answer", 10,
		&tcphs_preferences.horizon);
	prefs_register_uint_preference(module, "linger", "Time for late segments (seconds)",
		"For so long after its end a connection still takes segments that fit it", 10,
		&tcphs_preferences.linger);
	prefs_register_uint_preference(module, "slow", "Slow handshake (milliseconds)",
		"A handshake that takes longer from SYN to ACK is reported as slow", 10, &tcphs_preferences.slow);
	prefs_register_bool_preference(module, "info_marks", "Mark handshake segments in the Info column",
		"Appends the step, as [2/3], and the title of a warning or error to the Info column",
		&tcphs_preferences.info_marks);
}

static void register_protocol(void)
{
	tcphs_proto = proto_register_protocol("TCP Handshake", "TCPHS", "tcphs");
	tcphs_fields_register();
	register_preferences();
	tcphs_tap_register();
	tcphs_stats_register();
	register_init_routine(tcphs_capture_init);
	register_cleanup_routine(tcphs_capture_cleanup);
}

static void handoff(void)
{
	tcphs_hooks_handoff();
}

void plugin_register(void)
{
	static const proto_plugin plugin = {register_protocol, handoff};

	proto_register_plugin(&plugin);
}

#ifdef WS_PLUGIN_DESC_DISSECTOR
uint32_t plugin_describe(void)
{
	return WS_PLUGIN_DESC_DISSECTOR;
}
#endif
