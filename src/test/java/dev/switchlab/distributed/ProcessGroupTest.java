package dev.switchlab.distributed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchlab.distributed.MpiProcessGroup.Launcher;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A process on its own, and what needs no other one. */
class ProcessGroupTest {

    private final ProcessGroup world = ProcessGroup.single();

    @Test
    void aloneEverythingIsAsItWas() {
        FloatBuffer values = ProcessGroup.bytes(8).asFloatBuffer().put(0, 1.5f).put(1, -2);
        world.sum(values);
        assertThat(values.get(0)).isEqualTo(1.5f);
        assertThat(values.get(1)).isEqualTo(-2);

        ByteBuffer out = ProcessGroup.bytes(3).put(0, (byte) 1).put(2, (byte) 3);
        ByteBuffer in = ProcessGroup.bytes(3);
        world.allToAll(out, new int[] {3}, in, new int[] {3});
        assertThat(in).isEqualTo(out);
        ByteBuffer all = ProcessGroup.bytes(3);
        world.allGather(out, all);
        assertThat(all).isEqualTo(out);
        world.broadcast(out, 0);
        world.barrier(Duration.ZERO);

        assertThat(world.gather(new double[] {0.1, 2})).containsExactly(new double[] {0.1, 2});
        assertThat(world.broadcast(new byte[] {4, 5}, 0)).containsExactly(4, 5);
        assertThat(world.any(true)).isTrue();
        assertThat(world.any(false)).isFalse();
        world.requireSame(Map.of("a", "1"));
        world.finish();
    }

    @Test
    void noLibraryIsLookedForUnlessMpiHasStartedTheProcess() {
        assertThat(Launcher.of(Map.of("SLURM_PROCID", "1"))).isEqualTo(Launcher.NONE);
        assertThat(Launcher.of(Map.of("PMIX_RANK", "0", "PMI_RANK", "0"))).isEqualTo(Launcher.OPEN_MPI);
        assertThat(Launcher.of(Map.of("OMPI_COMM_WORLD_SIZE", "2"))).isEqualTo(Launcher.OPEN_MPI);
        assertThat(Launcher.of(Map.of("OMPI_COMM_WORLD_SIZE", "1"))).isEqualTo(Launcher.NONE);
        assertThat(Launcher.of(Map.of("PMIX_RANK", "0", "SLURM_STEP_NUM_TASKS", "1")))
                .isEqualTo(Launcher.NONE);
        assertThat(Launcher.of(Map.of("PMI_RANK", "0"))).isEqualTo(Launcher.OTHER_MPI);
    }

    @Test
    void wrongBuffersAreRefused() {
        ByteBuffer three = ProcessGroup.bytes(3);
        assertThatThrownBy(() -> world.sum(FloatBuffer.allocate(3))).hasMessageContaining("direct");
        assertThatThrownBy(() -> world.allGather(three, ProcessGroup.bytes(4)))
                .hasMessage("the buffer 'all' has 4 bytes, needed are 3");
        assertThatThrownBy(() -> world.allToAll(three, new int[] {4}, three, new int[] {3}))
                .hasMessage("the buffer 'out' has 3 bytes, needed are 4");
        assertThatThrownBy(() -> world.allToAll(three, new int[] {3, 0}, three, new int[] {3}))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> world.broadcast(three, 1)).hasMessage("rank 1, allowed: 0 to 0");
    }

    @Test
    void noOpenMpiIsSaidInOneLine() {
        assertThatThrownBy(() -> OpenMpi.load(List.of("libno-such-mpi.so.1")))
                .isInstanceOf(ProcessGroupException.class)
                .hasMessageContaining("libno-such-mpi.so.1")
                .hasMessageContaining("apt-get install openmpi-bin");
    }

    @Test
    void anotherLibraryThanOpenMpiIsSaidInOneLine() {
        assertThatThrownBy(() -> OpenMpi.load(List.of("c")))
                .isInstanceOf(ProcessGroupException.class)
                .hasMessageContaining("the MPI library found here, c, is not Open MPI");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "1.5", "soon", "1000000"})
    void aWrongTimeLimitIsRefused(String text) {
        assertThatThrownBy(() -> MpiProcessGroup.limit(Map.of(MpiProcessGroup.LIMIT, text)))
                .hasMessage(MpiProcessGroup.LIMIT + " is '" + text
                        + "', allowed: whole seconds from 1 to 999999, for example 300");
    }

    @Test
    void factsKeepTheirValuesOnTheWay() {
        Map<String, String> facts = Map.of("a", "1\n2", "b", "", "c", "x");
        assertThat(ProcessGroup.decoded(ProcessGroup.encoded(facts))).isEqualTo(facts);
        assertThat(ProcessGroup.difference(facts, facts, 1)).isEmpty();
        Map<String, String> more = Map.of("a", "1\n2", "c", "x", "d", "new");
        assertThat(ProcessGroup.difference(facts, more, 5))
                .hasValueSatisfying(line -> assertThat(line)
                        .startsWith("rank 5 is another program than rank 0: its d is 'new', rank 0 has ''"));
    }

    @Test
    void whatRanksSayTheSameIsShownOnce() {
        RankMessages messages = new RankMessages();
        assertThat(messages.read("WARNING: one")).contains("WARNING: one");
        assertThat(messages.read("switchlab: first")).contains("switchlab: first");
        assertThat(messages.read("switchlab: second")).isEmpty();
        block(
                messages,
                "prterun noticed that process rank 2 with PID 30049 on node vm exited on",
                "signal 9 (Killed).");
        assertThat(messages.end()).isEmpty();
    }

    @Test
    void aRankLostWithoutAWordIsNamed() {
        RankMessages killed = new RankMessages();
        block(killed, "mpirun noticed that process rank 2 with PID 0 on node a-b exited on signal 9 (Killed).");
        assertThat(killed.end()).contains("rank 2 on a-b was ended by signal 9 (Killed), and all others with it");

        RankMessages exited = new RankMessages();
        block(
                exited,
                "thus causing the job to be terminated.",
                "",
                "   Process name: [prterun-vm-29950@1,1]",
                "   Exit code:    1");
        assertThat(exited.end()).contains("rank 1 ended with exit code 1, and all others with it");

        RankMessages answered = new RankMessages();
        block(answered, "   Process name: [prterun-vm-29950@1,0]", "   Exit code:    3");
        assertThat(answered.end()).isEmpty();

        RankMessages other = new RankMessages();
        block(other, "There are not enough slots available");
        assertThat(other.end()).contains("mpirun says: There are not enough slots available");
    }

    private static void block(RankMessages messages, String... lines) {
        String rule = "-".repeat(74);
        assertThat(messages.read(rule)).isEmpty();
        for (String line : lines) {
            assertThat(messages.read(line)).isEmpty();
        }
        assertThat(messages.read(rule)).isEmpty();
    }
}
