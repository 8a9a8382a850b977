/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loop.c - reads captures by libpcap and does nothing with them: what no program that uses libpcap can undercut.
 *
 *     loop FILE...
 *
 * Prints how many frames and octets it met, so that they were met.
 */
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>

struct count {
	uint64_t frames, octets;
};

static void take(u_char *user, const struct pcap_pkthdr *header, const u_char *octets)
{
	struct count *count = (struct count *)user;

	(void)octets;
	count->frames++;
	count->octets += header->caplen;
}

int main(int argc, char **argv)
{
	struct count count = { 0, 0 };
	char error[PCAP_ERRBUF_SIZE];

	for (int i = 1; i < argc; i++) {
		pcap_t *pcap = pcap_open_offline(argv[i], error);

		if (!pcap) {
			fprintf(stderr, "loop: %s\n", error);
			return 1;
		}
		if (pcap_loop(pcap, -1, take, (u_char *)&count) != 0) {
			fprintf(stderr, "loop: %s: %s\n", argv[i], pcap_geterr(pcap));
			return 1;
		}
		pcap_close(pcap);
	}
	printf("%" PRIu64 " frames, %" PRIu64 " octets\n", count.frames, count.octets);
	return 0;
}
