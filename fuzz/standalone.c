/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Feeds each file of the directories it is given to the harness it is linked with. */
#include <dirent.h>

#include "base/file.h"
#include "base/util.h"
#include "fuzz.h"

#define INPUT_MAX ((size_t)1 << 20)

static int feed_file(const char *directory, const char *name)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_free_ char *data = NULL;
	uint8_t *exact;
	size_t size;
	int r;

	if (asprintf(&path, "%s/%s", directory, name) < 0)
		return 1;
	r = file_read(path, INPUT_MAX, &data, &size);
	if (r < 0) {
		(void)fprintf(stderr, "%s: %s\n", path, strerror(-r));
		return 1;
	}
	/* Before, not after: this line is what tells the culprit when the harness aborts. */
	(void)printf("%s\n", path);
	(void)fflush(stdout);
	exact = fuzz_exact(data, size);
	r = LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return r;
}

static int feed_directory(const char *directory)
{
	DIR *d = opendir(directory);
	const struct dirent *entry;
	size_t n_files = 0;
	int failed = 0;

	if (!d) {
		perror(directory);
		return 1;
	}
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		failed |= feed_file(directory, entry->d_name);
		n_files++;
	}
	(void)closedir(d);
	/* An empty corpus would be a test that cannot fail. */
	if (n_files == 0) {
		(void)fprintf(stderr, "%s: no files\n", directory);
		failed = 1;
	}
	return failed;
}

int main(int argc, char *argv[])
{
	int failed = argc < 2;

	failed |= LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++)
		failed |= feed_directory(argv[i]);
	return failed;
}
