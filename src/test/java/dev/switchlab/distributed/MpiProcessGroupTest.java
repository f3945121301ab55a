package dev.switchlab.distributed;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.testing.JavaProcess;
import dev.switchlab.testing.NeedsMpi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several ranks on this machine, each a process of its own. */
@NeedsMpi
class MpiProcessGroupTest {

    private static final int PATIENCE_SECONDS = 240;

    @TempDir
    Path folder;

    private record Ended(int code, List<String> output, List<String> shown, String lost) {}

    private Ended run(int ranks, Map<String, String> environment, String scene)
            throws IOException, InterruptedException {
        List<String> program = JavaProcess.of(RankProgram.class, scene).command();
        ProcessBuilder builder = new ProcessBuilder(MpiRun.commandHere(ranks, program));
        builder.environment().putAll(environment);
        Path output = folder.resolve("output");
        Path errors = folder.resolve("errors");
        Process process = builder.redirectOutput(output.toFile())
                .redirectError(errors.toFile())
                .start();
        process.getOutputStream().close();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroy();
            throw new AssertionError("no end: " + Files.readString(output) + Files.readString(errors));
        }
        RankMessages messages = new RankMessages();
        List<String> shown = Files.readAllLines(errors).stream()
                .flatMap(line -> messages.read(line).stream())
                .toList();
        return new Ended(
                process.exitValue(),
                Files.readAllLines(output),
                shown,
                messages.end().orElse(""));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void collectivesGiveWhatPlainJavaGives(int ranks) throws Exception {
        Ended ended = run(ranks, Map.of(), "collectives");
        assertThat(ended.shown()).isEmpty();
        assertThat(ended.code()).isZero();
        String all = String.join("\n", ended.output());
        String digest = all.replaceAll("(?s).*digest (-?\\d+).*", "$1");
        for (int rank = 0; rank < ranks; rank++) {
            assertThat(all).contains("rank " + rank + " of " + ranks + " digest " + digest);
        }
    }

    @Test
    void aKilledRankEndsAllAndIsNamed() throws Exception {
        Ended ended = run(3, Map.of(), "killed");
        assertThat(ended.code()).isNotZero();
        assertThat(ended.lost()).matches("rank 2 on \\S+ was ended by signal 9 \\(Killed\\), and all others with it");
        assertThat(ended.shown()).isEmpty();
    }

    @Test
    void aRankThatHangsEndsAllAfterTheTimeLimitAndIsNamed() throws Exception {
        Ended ended = run(3, Map.of(MpiProcessGroup.LIMIT, "3"), "hangs");
        assertThat(ended.code()).isNotZero();
        assertThat(ended.shown()).hasSize(1);
        assertThat(ended.shown().get(0))
                .matches("switchlab: rank [01] has waited [345] s for rank 2 in round \\d+, sum: hung, or dead;"
                        + " this rank ends, and all with it");
    }

    @Test
    void ranksOfTwoVersionsDoNotBegin() throws Exception {
        Ended ended = run(2, Map.of(), "unequal");
        assertThat(ended.code()).isNotZero();
        assertThat(ended.shown())
                .containsExactly("switchlab: rank 1 is another program than rank 0: its switchlab is '0.2', rank 0 has"
                        + " '0.1'; all ranks must be of one build, on one kind of machine");
    }

    @Test
    void anotherMpiIsSaidInOneLine() throws Exception {
        ProcessBuilder builder = JavaProcess.of(RankProgram.class, "alone");
        builder.environment().put("PMI_RANK", "0");
        Process process = builder.redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).isEqualTo(1);
        assertThat(said.lines().toList())
                .containsExactly("switchlab: this process was started by another MPI than Open MPI (PMI_RANK is set),"
                        + " MPICH perhaps; start it with Open MPI's mpirun, or with srun --mpi=pmix");
    }
}
