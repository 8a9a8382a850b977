/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * standalone.c - runs a fuzz target without libFuzzer: a fixed number of inputs from a fixed seed.
 *
 *   fuzz_NAME COUNT [FILE|FOLDER...]
 *
 * Without files the inputs are random octets of up to 600. With files each input is one of them with a few octets
 * changed, doubled or cut off, which gets further into a format than noise does. The seed is a constant, so a failure
 * is there again in the next run; the number of the input is printed when it begins to fail.
 */
#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOISE 600
#define FILE_MAX (64 * 1024)

struct seed_file {
	uint8_t *bytes;
	size_t size;
};

static struct seed_file *seeds;
static size_t seed_count;
static volatile unsigned long current;

/* splitmix64: small, and good enough to spread octets. */
static uint64_t random_next(void)
{
	static uint64_t state = 20240817;
	uint64_t mixed = (state += UINT64_C(0x9e3779b97f4a7c15));

	mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
	return mixed ^ (mixed >> 31);
}

static size_t below(size_t limit)
{
	return (size_t)(random_next() % limit);
}

static void tell(int number)
{
	char line[64];
	int length = snprintf(line, sizeof(line), "input %lu: signal %d\n", current, number);

	if (write(STDERR_FILENO, line, (size_t)length) != length)
		_exit(98);
	_exit(99);
}

static void add_file(const char *path)
{
	uint8_t *bytes = malloc(FILE_MAX);
	FILE *file = fopen(path, "rb");
	size_t size;

	if (!bytes || !file) {
		perror(path);
		exit(2);
	}
	size = fread(bytes, 1, FILE_MAX, file);
	fclose(file);
	seeds = realloc(seeds, (seed_count + 1) * sizeof(*seeds));
	if (!seeds)
		exit(2);
	seeds[seed_count++] = (struct seed_file) { bytes, size };
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* In the order of names, so that the same inputs come everywhere. */
static void add(const char *path)
{
	struct stat status;
	struct dirent **entries;
	int i, count;

	if (stat(path, &status) == 0 && S_ISREG(status.st_mode)) {
		if (!strstr(path, ".md") && status.st_size > 0)
			add_file(path);
		return;
	}
	count = scandir(path, &entries, visible, alphasort);
	if (count < 0) {
		perror(path);
		exit(2);
	}
	for (i = 0; i < count; i++) {
		char inner[4096];

		snprintf(inner, sizeof(inner), "%s/%s", path, entries[i]->d_name);
		add(inner);
		free(entries[i]);
	}
	free(entries);
}

static size_t noise(uint8_t *input)
{
	size_t i, size = below(NOISE);

	for (i = 0; i < size; i++)
		input[i] = (uint8_t)random_next();
	return size;
}

static size_t mutated(uint8_t *input)
{
	const struct seed_file *seed = &seeds[below(seed_count)];
	size_t changes = below(8), size = seed->size;

	memcpy(input, seed->bytes, size);
	while (changes-- > 0 && size > 0) {
		static const uint8_t extremes[6] = { 0, 1, 0x7f, 0x80, 0xfe, 0xff };
		size_t at = below(size), length = below(64) % (size - at) + 1;

		switch (below(5)) {
		case 0:
			input[at] = (uint8_t)random_next();
			break;
		case 1:
			input[at] = extremes[below(6)];
			break;
		case 2:
			input[at] ^= (uint8_t)(1u << below(8));
			break;
		case 3:
			memmove(input + below(size - length + 1), input + at, length);
			break;
		default:
			if (below(4) == 0)
				size = at;
		}
	}
	return size;
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	int i;

	if (count == 0) {
		fprintf(stderr, "usage: %s COUNT [FILE|FOLDER...]\n", argv[0]);
		return 2;
	}
	for (i = 2; i < argc; i++)
		add(argv[i]);
	signal(SIGABRT, tell);
	for (current = 0; current < count; current++) {
		/* A heap block of the exact size: reading past the input is then seen. */
		static uint8_t input[FILE_MAX];
		size_t size = seed_count > 0 ? mutated(input) : noise(input);
		uint8_t *exact = malloc(size ? size : 1);

		if (!exact)
			return 2;
		memcpy(exact, input, size);
		LLVMFuzzerTestOneInput(exact, size);
		free(exact);
	}
	while (seed_count > 0)
		free(seeds[--seed_count].bytes);
	free(seeds);
	printf("%lu inputs\n", count);
	return 0;
}
