package dev.switchlab.golden;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import dev.switchlab.distributed.MpiRun;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.testing.JavaProcess;
import dev.switchlab.testing.NeedsMpi;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Ranks of which each has a part of the tokens and of the experts give together what the reference computed on one, in
 * every case that divides.
 */
@NeedsMpi
class RankedCasesTest {

    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void everyLayerThatDivides(int ranks) throws Exception {
        List<String> program = JavaProcess.of(RankedCasesTest.class).command();
        Process process = new ProcessBuilder(MpiRun.commandHere(ranks, program))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(out).isZero();
        assertThat(out.lines()).hasSize(28).allMatch(line -> line.startsWith("ok "));
    }

    /** Prints a line per case, on rank 0. */
    public static void main(String[] args) throws Exception {
        ProcessGroup world = ProcessGroup.start();
        List<Implementation> fused = Implementation.on(Device.cpu(), DispatchForm.FUSED);
        GoldenVerifier verifier = new GoldenVerifier(fused, golden -> RankedReplay.of(world, golden));
        for (Path file : GoldenVerifier.files(GoldenCasesTest.FOLDER)) {
            CaseFile content = CaseFile.read(file);
            if (RankedReplay.divides(content, world.size())) {
                CaseResult result = verifier.verify(file);
                if (world.isFirst()) {
                    System.out.println(result.line());
                    result.failure().forEach(System.out::println);
                }
            }
        }
        world.finish();
    }
}
