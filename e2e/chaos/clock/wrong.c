// A wall clock that is wrong by the number of seconds in the first eight bytes
// of the file CLOCK_FILE, for LD_PRELOAD. Writing another number there steps the
// clock of a running program. It makes system calls itself: looking up the
// replaced functions would need memory, and thus an allocator that asks for the
// time. Clocks that only count, such as CLOCK_MONOTONIC, are unchanged.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long offset(void) {
  static volatile const long *seconds;
  static int looked;
  if (!looked) {
    const char *path = getenv("CLOCK_FILE");
    long file = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDONLY) : -1;
    if (file >= 0) {
      long at = syscall(SYS_mmap, 0, sizeof *seconds, PROT_READ, MAP_SHARED, file, 0);
      if (at > 0 || at < -4095) seconds = (volatile const long *)at;
      syscall(SYS_close, file);
    }
    looked = path != 0;
  }
  return seconds ? *seconds : 0;
}

int clock_gettime(clockid_t clock, struct timespec *t) {
  int result = syscall(SYS_clock_gettime, clock, t);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) t->tv_sec += offset();
  return result;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone) {
  struct timespec now;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
  t->tv_sec = now.tv_sec;
  t->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *t) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (t) *t = now.tv_sec;
  return now.tv_sec;
}
