/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filter_probe.c - lets tshark say what Wireshark's menu Conversation Filter would put into the filter bar.
 *
 * Theory of operation. Only the window calls the functions behind that menu. Preloaded into tshark, this catches the
 * plugin's when it registers them, and asks them after each frame has been dissected, as the window does for the frame
 * that is selected. It prints "filter FRAME FILTER" to standard error. The two functions that it stands in front of are
 * given other names in C, because their types differ from one version of Wireshark to the next.
 */
#define _GNU_SOURCE
#include <wireshark.h>

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include <epan/epan_dissect.h>

typedef int (*valid_function)(packet_info *pinfo, void *data);
typedef char *(*build_function)(packet_info *pinfo, void *data);
typedef void (*dissect_function)(epan_dissect_t *edt, long type, void *rec, void *a, void *b, void *c);

void caught_register(const char *protocol, const char *name, valid_function valid, build_function build, void *data)
	__asm__("register_conversation_filter");
void caught_dissect(epan_dissect_t *edt, long type, void *rec, void *a, void *b, void *c)
	__asm__("epan_dissect_run_with_taps");

static valid_function is_valid;
static build_function build_filter;

void caught_register(const char *protocol, const char *name, valid_function valid, build_function build,
                     void *data _U_)
{
	if (strcmp(protocol, "tcphs") != 0)
		return;
	fprintf(stderr, "name %s\n", name);
	is_valid = valid;
	build_filter = build;
}

void caught_dissect(epan_dissect_t *edt, long type, void *rec, void *a, void *b, void *c)
{
	dissect_function dissect = (dissect_function)dlsym(RTLD_NEXT, "epan_dissect_run_with_taps");
	char *filter;

	dissect(edt, type, rec, a, b, c);
	/* A truth value of 4.4 fills the low octet only. */
	if (!is_valid || !(is_valid(&edt->pi, NULL) & 0xff))
		return;
	filter = build_filter(&edt->pi, NULL);
	fprintf(stderr, "filter %u %s\n", edt->pi.num, filter);
	g_free(filter);
}
