/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * generate.c - tcphs-generate, the program that makes capture files of capture scripts.
 *
 *     tcphs-generate [--variant NAME] --out FILE SCRIPT    one capture of one script
 *     tcphs-generate --tree [SCRIPTS CAPTURES]             a capture for each script, folders mirrored
 *     tcphs-generate --check [SCRIPTS CAPTURES]            names captures that --tree would change, writes nothing
 *     tcphs-generate --variants SCRIPTS FOLDER             each script in each of its variants, as
 *                                                          FOLDER/VARIANT/SCRIPT.pcap, expectations on stdout
 *
 * SCRIPTS and CAPTURES are captures/scripts and captures/synthetic unless said. Exit status: 0 all is well, 1 a capture
 * differs, is missing or is stale, 2 anything else went wrong.
 */
#include "packets.h"
#include "script.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_GOOD, EXIT_DIFFERS, EXIT_WRONG };

static int complain(GError *error)
{
	fprintf(stderr, "tcphs-generate: %s\n", error->message);
	g_error_free(error);
	return EXIT_WRONG;
}

/* "a/b.tcphs" to "a/b" */
static char *name_of(const char *relative)
{
	return g_strndup(relative, strlen(relative) - strlen(".tcphs"));
}

/* Writes the capture of |source|; prints its expectations if it is given a |name|. */
static bool write_variant(const char *source, enum script_variant variant, const char *destination, const char *name,
                          GError **error)
{
	char *folder = g_path_get_dirname(destination);
	int failed = g_mkdir_with_parents(folder, 0777);
	if (failed)
		g_set_error(error, SCRIPT_ERROR, SCRIPT_ERROR_OUTPUT, "%s: cannot be made: %s", folder,
		            g_strerror(errno));
	g_free(folder);
	struct script *script = failed ? NULL : script_read(source, error);
	bool good = script && script_apply(script, variant, error) && packets_write(script, destination, error);
	if (good && name) {
		GString *line = g_string_new(NULL);
		script_expectations(script, name, line);
		fputs(line->str, stdout);
		g_string_free(line, TRUE);
	}
	script_free(script);
	return good;
}

/* ---- --tree ---------------------------------------------------------------------------------------- */

static bool same_octets(const char *one, const char *other)
{
	char *text[2] = { NULL, NULL };
	gsize length[2];
	bool same = g_file_get_contents(one, &text[0], &length[0], NULL) &&
	            g_file_get_contents(other, &text[1], &length[1], NULL) && length[0] == length[1] &&
	            !memcmp(text[0], text[1], length[0]);
	g_free(text[0]);
	g_free(text[1]);
	return same;
}

static bool compare(const char *source, const char *destination, int *status, GError **error)
{
	char *fresh = NULL;
	int fd = g_file_open_tmp("tcphs-XXXXXX.pcap", &fresh, error);
	if (fd < 0)
		return false;
	g_close(fd, NULL);
	bool good = write_variant(source, SCRIPT_BASE, fresh, NULL, error);
	if (good && !same_octets(fresh, destination)) {
		bool there = g_file_test(destination, G_FILE_TEST_EXISTS);
		printf("%s: %s\n", destination, there ? "is not what its script gives" : "is missing");
		*status = EXIT_DIFFERS;
	}
	g_unlink(fresh);
	g_free(fresh);
	return good;
}

/* Captures below |folder| of no script; removed unless only checking. */
static void find_stale(const char *folder, GHashTable *expected, bool check, int *status)
{
	GDir *dir = g_dir_open(folder, 0, NULL);
	for (const char *name; dir && (name = g_dir_read_name(dir));) {
		char *path = g_build_filename(folder, name, NULL);
		if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
			find_stale(path, expected, check, status);
		} else if (g_str_has_suffix(name, ".pcap") && !g_hash_table_contains(expected, path)) {
			printf("%s: has no script%s\n", path, check ? "" : ", removed");
			if (check)
				*status = EXIT_DIFFERS;
			else
				g_unlink(path);
		}
		g_free(path);
	}
	if (dir)
		g_dir_close(dir);
}

static int tree(const char *scripts, const char *captures, bool check)
{
	GError *error = NULL;
	int status = EXIT_GOOD;
	GPtrArray *found = script_find(scripts, &error);
	if (!found)
		return complain(error);
	GHashTable *expected = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint i = 0; i < found->len; i++) {
		const char *relative = g_ptr_array_index(found, i);
		char *source = g_build_filename(scripts, relative, NULL), *name = name_of(relative);
		char *file = g_strconcat(name, ".pcap", NULL), *destination = g_build_filename(captures, file, NULL);
		bool good = check ? compare(source, destination, &status, &error)
		                  : write_variant(source, SCRIPT_BASE, destination, NULL, &error);
		if (!good) {
			status = complain(error);
			error = NULL;
		}
		g_hash_table_add(expected, destination);
		g_free(file);
		g_free(name);
		g_free(source);
	}
	if (status != EXIT_WRONG)
		find_stale(captures, expected, check, &status);
	g_hash_table_unref(expected);
	g_ptr_array_unref(found);
	return status;
}

/* ---- --variants ------------------------------------------------------------------------------------- */

static int script_variants(const char *scripts, const char *relative, const char *folder)
{
	GError *error = NULL;
	char *source = g_build_filename(scripts, relative, NULL), *name = name_of(relative);
	struct script *script = script_read(source, &error);
	int status = script ? EXIT_GOOD : complain(error);
	for (int i = SCRIPT_BASE; script && i < SCRIPT_VARIANTS; i++) {
		enum script_variant variant = (enum script_variant)i;
		if (!script->allowed[variant])
			continue;
		char *file = g_strdup_printf("%s/%s/%s.pcap", folder, script_variant_word(variant), name);
		error = NULL;
		if (!write_variant(source, variant, file, name, &error))
			status = complain(error);
		g_free(file);
	}
	script_free(script);
	g_free(source);
	g_free(name);
	return status;
}

static int variants(const char *scripts, const char *folder)
{
	GError *error = NULL;
	int status = EXIT_GOOD;
	GPtrArray *found = script_find(scripts, &error);
	if (!found)
		return complain(error);
	for (guint i = 0; i < found->len; i++)
		if (script_variants(scripts, g_ptr_array_index(found, i), folder) != EXIT_GOOD)
			status = EXIT_WRONG;
	g_ptr_array_unref(found);
	return status;
}

/* ---- the command line -------------------------------------------------------------------------------- */

static struct {
	char *variant, *out;
	gboolean tree, check, variants;
	char **rest;
} options;

static const GOptionEntry entries[] = {
	{ "out", 'o', 0, G_OPTION_ARG_FILENAME, &options.out, "Write the capture of one script to FILE", "FILE" },
	{ "variant", 0, 0, G_OPTION_ARG_STRING, &options.variant, "... in this variant", "NAME" },
	{ "tree", 0, 0, G_OPTION_ARG_NONE, &options.tree, "Write a capture for each script, folders mirrored", NULL },
	{ "check", 0, 0, G_OPTION_ARG_NONE, &options.check, "Name the captures that --tree would change", NULL },
	{ "variants", 0, 0, G_OPTION_ARG_NONE, &options.variants, "Write each script in each of its variants", NULL },
	{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.rest, NULL, "SCRIPT|SCRIPTS FOLDER" },
	{ 0 },
};

static int usage(const char *what)
{
	fprintf(stderr, "tcphs-generate: %s; see tcphs-generate --help\n", what);
	return EXIT_WRONG;
}

static int run(void)
{
	guint count = options.rest ? g_strv_length(options.rest) : 0;
	GError *error = NULL;
	if (options.tree + options.check + options.variants + !!options.out != 1)
		return usage("say one of --out, --tree, --check, --variants");
	if ((options.tree || options.check) && !count)
		return tree("captures/scripts", "captures/synthetic", options.check);
	if (!options.out && count != 2)
		return usage("a folder of scripts and a folder of captures should follow");
	if (options.variants)
		return variants(options.rest[0], options.rest[1]);
	if (!options.out)
		return tree(options.rest[0], options.rest[1], options.check);
	const char *out = options.out, *script = options.rest ? options.rest[0] : NULL;
	int variant = script_variant_find(options.variant ? options.variant : "base");
	if (count != 1 || variant < 0)
		return usage(count != 1 ? "one script should follow" : "there is no such variant");
	return write_variant(script, (enum script_variant)variant, out, NULL, &error) ? EXIT_GOOD : complain(error);
}

int main(int argc, char **argv)
{
	GError *error = NULL;
	GOptionContext *context = g_option_context_new(NULL);
	g_option_context_set_summary(context, "Makes capture files of capture scripts (captures/README.md).");
	g_option_context_add_main_entries(context, entries, NULL);
	bool good = g_option_context_parse(context, &argc, &argv, &error);
	g_option_context_free(context);
	int status = good ? run() : complain(error);
	g_strfreev(options.rest);
	g_free(options.variant);
	g_free(options.out);
	return status;
}
