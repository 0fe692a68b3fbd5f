/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A server that is killed, or whose machine loses power, at every single write and sync of a day.
 *
 * For each operation and kind of crash: the day up to there, in a child; then the state must open
 * without a loss, be exactly what was committed last or what was being committed, and a start must
 * make of it what it was. For some, the start itself crashes at each of its operations as well.
 */
#include <errno.h>
#include <ftw.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "book.h"
#include "day.h"
#include "disk.h"

#define PATH_SIZE 128

/* Of the crashes of the day, one in so many is followed by crashes of the start. */
#define TWICE_STRIDE 23

struct shared {
	struct books books;
	unsigned int n_operations;
};

struct test {
	char base[PATH_SIZE], state[PATH_SIZE + 16], config[PATH_SIZE + 16], first[PATH_SIZE + 16];
	struct day_folders folders;
	struct shared *shared;
	void (*day)(const struct day_folders *folders);
	unsigned int n_survived, n_broken;
	bool is_quiet; /* broken promises are expected */
};

static const char *const crash_names[] = {
	[DISK_KILL] = "kill -9",
	[DISK_KILL_HALF] = "kill -9 in a write",
	[DISK_CUT] = "power cut",
	[DISK_TORN] = "power cut, torn writes",
	[DISK_LIES] = "power cut, syncs that do nothing",
};

#define MUST(condition)                                                                          \
	do {                                                                                     \
		if (!(condition)) {                                                              \
			(void)fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, \
				      strerror(errno));                                          \
			exit(EXIT_FAILURE);                                                      \
		}                                                                                \
	} while (0)

/* ---- folders ---- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	return remove(path);
}

static void remove_folder(const char *path)
{
	(void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_folder(const char *path)
{
	remove_folder(path);
	MUST(mkdir(path, 0700) == 0);
}

static const char *copy_to;

static int copy_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	char to[2 * PATH_SIZE + 16];
	char *data = NULL;
	size_t size;
	FILE *file;

	if (kind != FTW_F)
		return 0;
	(void)snprintf(to, sizeof(to), "%s/%s", copy_to, path + ftw->base);
	file = fopen(to, "w");
	MUST(file && file_read(path, (size_t)1 << 26, &data, &size) == 0);
	MUST(fwrite(data, 1, size, file) == size && fclose(file) == 0);
	free(data);
	return 0;
}

static void copy_folder(const char *from, const char *to)
{
	make_folder(to);
	copy_to = to;
	MUST(nftw(from, copy_one, 8, FTW_PHYS) == 0);
}

/* ---- one child each ---- */

static int wait_status(pid_t pid)
{
	int status;

	MUST(pid >= 0 && waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void be_quiet(const struct test *t)
{
	if (t->is_quiet)
		MUST(freopen("/dev/null", "w", stderr));
}

/* The day, or only a start, up to the crash. */
static int live(struct test *t, void (*day)(const struct day_folders *), struct disk_plan plan)
{
	pid_t pid = fork();

	if (pid == 0) {
		be_quiet(t);
		disk_begin(t->state, &plan);
		day(&t->folders);
		t->shared->n_operations = disk_operations();
		_exit(EXIT_SUCCESS);
	}
	return wait_status(pid);
}

static int add_to_book(void *userdata, const struct store_record *record)
{
	book_put(userdata, record);
	return 0;
}

/* What is there is what was kept, or what was being committed; from now on it is both. */
static bool is_as_promised(struct test *t)
{
	_cleanup_free_ char *problem = NULL;
	struct books *b = &t->shared->books;
	struct book found = { .n = 0 };
	struct store *s = NULL;
	int r = store_open(t->state, &s, &problem);

	if (r == STORE_OPEN_NEW && b->kept.n > 0)
		return fprintf(stderr, "  the state is gone\n") < 0;
	if (r != STORE_OPEN_OK && r != STORE_OPEN_NEW)
		return fprintf(stderr, "  does not open: %s\n", problem ? problem : "-") < 0;
	found.is_locked_down = store_lockdown(s) != USEC_NEVER;
	if (store_load(s, add_to_book, &found) < 0)
		return fprintf(stderr, "  does not load: %s\n", store_problem(s)) < 0;
	store_close(s);
	if (!book_equal(&b->kept, &found, false) && !book_equal(&b->trying, &found, false)) {
		(void)book_equal(&b->kept, &found, true);
		(void)book_equal(&b->trying, &found, true);
		return false;
	}
	b->kept = b->trying = found;
	return true;
}

static bool survives(struct test *t)
{
	pid_t pid = fork();

	if (pid == 0) {
		be_quiet(t);
		if (!is_as_promised(t))
			_exit(EXIT_FAILURE);
		day_restart(&t->folders);
		_exit(EXIT_SUCCESS);
	}
	return wait_status(pid) == EXIT_SUCCESS;
}

static void judge(struct test *t, struct disk_plan plan, unsigned int second)
{
	if (survives(t)) {
		t->n_survived++;
		return;
	}
	t->n_broken++;
	if (!t->is_quiet)
		(void)fprintf(stderr,
			      "BROKEN: %s at operation %u, then %u; seed %" PRIu64
			      ", after %u commits\n",
			      crash_names[plan.crash], plan.at, second, plan.seed,
			      t->shared->books.n_commits);
}

/* ---- all of them ---- */

static void begin(struct test *t)
{
	make_folder(t->state);
	make_folder(t->config);
	memset(&t->shared->books, 0, sizeof(t->shared->books));
}

/* The start after the crash crashes too, at each of its operations. */
static void crash_twice(struct test *t, struct disk_plan plan)
{
	struct books *after_first = malloc(sizeof(*after_first));
	struct disk_plan again = plan;
	int status = DISK_CRASHED;

	MUST(after_first);
	copy_folder(t->state, t->first);
	*after_first = t->shared->books;
	for (again.at = 1; status == DISK_CRASHED; again.at++) {
		pid_t pid;

		copy_folder(t->first, t->state);
		t->shared->books = *after_first;
		pid = fork();
		if (pid == 0)
			_exit(is_as_promised(t) ? EXIT_SUCCESS : EXIT_FAILURE);
		MUST(wait_status(pid) == EXIT_SUCCESS);
		/* Looking has moved the log into the database: begin again from what was left. */
		copy_folder(t->first, t->state);
		status = live(t, day_restart, again);
		MUST(status == DISK_CRASHED || status == EXIT_SUCCESS);
		judge(t, plan, again.at);
	}
	free(after_first);
}

static void crash_at(struct test *t, struct disk_plan plan)
{
	begin(t);
	MUST(live(t, t->day, plan) == DISK_CRASHED);
	if (plan.at % TWICE_STRIDE == 0 && !t->is_quiet) {
		copy_folder(t->state, t->first);
		judge(t, plan, 0);
		begin(t);
		MUST(live(t, t->day, plan) == DISK_CRASHED);
		crash_twice(t, plan);
	} else {
		judge(t, plan, 0);
	}
}

static unsigned int count_operations(struct test *t)
{
	begin(t);
	MUST(live(t, t->day, (struct disk_plan){ .crash = DISK_KILL }) == EXIT_SUCCESS);
	return t->shared->n_operations;
}

static void run(struct test *t, const char *name, unsigned int stride, uint64_t seed)
{
	unsigned int n = count_operations(t), n_commits = t->shared->books.n_commits;

	/* A disk that sees nothing would let everything pass. */
	MUST(n > 100 && n_commits > 10);
	printf("%s: %u operations, %u commits\n", name, n, n_commits);
	for (enum disk_crash crash = DISK_KILL; crash <= DISK_TORN; crash++) {
		t->n_survived = t->n_broken = 0;
		for (unsigned int at = 1; at <= n; at += stride)
			crash_at(t, (struct disk_plan){ crash, at, seed + at });
		printf("  %-32s crash points survived: %u of %u\n", crash_names[crash],
		       t->n_survived, t->n_survived + t->n_broken);
		(void)fflush(stdout);
		if (t->n_broken > 0)
			exit(EXIT_FAILURE);
	}
}

/* The test of the test: a disk on which no promise can be kept is found out. */
static void run_on_a_disk_that_lies(struct test *t)
{
	unsigned int n = count_operations(t);

	t->is_quiet = true;
	t->n_survived = t->n_broken = 0;
	for (unsigned int at = n / 2; at <= n; at += 11)
		crash_at(t, (struct disk_plan){ DISK_LIES, at, at });
	t->is_quiet = false;
	printf("  %-32s found out: %u of %u\n", crash_names[DISK_LIES], t->n_broken,
	       t->n_survived + t->n_broken);
	MUST(t->n_broken > 0 && t->n_survived == 0);
}

static void tidy(struct test *t)
{
	remove_folder(t->base);
}

int main(int argc, char *argv[])
{
	const char *tmp = getenv("TMPDIR");
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	_cleanup_(tidy) struct test t = { .day = day_run };

	t.shared = mmap(NULL, sizeof(*t.shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	MUST(t.shared != MAP_FAILED);
	books = &t.shared->books;
	(void)snprintf(t.base, sizeof(t.base), "%.80s/mandos-crash-XXXXXX", tmp ? tmp : "/tmp");
	MUST(mkdtemp(t.base));
	(void)snprintf(t.state, sizeof(t.state), "%s/state", t.base);
	(void)snprintf(t.config, sizeof(t.config), "%s/config", t.base);
	(void)snprintf(t.first, sizeof(t.first), "%s/first", t.base);
	t.folders = (struct day_folders){ .state = t.state, .config = t.config };

	printf("seed %" PRIu64 "\n", seed);
	run(&t, "a day", 1, seed);
	run_on_a_disk_that_lies(&t);
	t.day = day_run_long;
	run(&t, "a long day", 41, seed);
	return EXIT_SUCCESS;
}
