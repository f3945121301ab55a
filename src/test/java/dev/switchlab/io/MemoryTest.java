package dev.switchlab.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a process can take is bound by its machine and by its control groups. */
class MemoryTest {

    @TempDir
    private Path root;

    @BeforeEach
    void aMachine() throws IOException {
        write("proc/meminfo", "MemTotal: 9000 kB\nMemAvailable:   8000 kB\n");
    }

    @Test
    void withoutLimitsItIsTheMachines() throws IOException {
        assertThat(Memory.available(root)).hasValue(8000 * 1024);
        write("proc/self/cgroup", "4:memory:/\n1:cpu:/\n0::/job\n");
        write("sys/fs/cgroup/job/memory.max", "max\n");
        write("sys/fs/cgroup/job/memory.current", "10\n");
        write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        write("sys/fs/cgroup/memory/memory.usage_in_bytes", "10\n");
        assertThat(Memory.available(root)).hasValue(8000 * 1024);
    }

    @Test
    void theNarrowestGroupCountsWithoutItsCachedFiles() throws IOException {
        write("proc/self/cgroup", "0::/job/step\n");
        write("sys/fs/cgroup/job/step/memory.max", "1000000\n");
        write("sys/fs/cgroup/job/step/memory.current", "100000\n");
        assertThat(Memory.available(root)).hasValue(900_000);
        write("sys/fs/cgroup/job/memory.max", "500000\n");
        write("sys/fs/cgroup/job/memory.current", "300000\n");
        write("sys/fs/cgroup/job/memory.stat", "anon 7\ninactive_file 50000\n");
        assertThat(Memory.available(root)).hasValue(250_000);
    }

    /** In a container the groups above its own are not there. */
    @Test
    void groupsOfTheFirstVersion() throws IOException {
        write("proc/self/cgroup", "4:memory:/docker/3f2a\n");
        write("sys/fs/cgroup/memory/memory.limit_in_bytes", "3000\n");
        write("sys/fs/cgroup/memory/memory.usage_in_bytes", "2000\n");
        write("sys/fs/cgroup/memory/memory.stat", "inactive_file 5\ntotal_inactive_file 500\n");
        assertThat(Memory.available(root)).hasValue(1500);
    }

    private void write(String file, String text) throws IOException {
        Files.createDirectories(root.resolve(file).getParent());
        Files.writeString(root.resolve(file), text);
    }
}
