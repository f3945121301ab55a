package dev.switchlab.golden;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.io.MoreFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every case in {@code golden/}, in each form, with each kernel and on each device. */
@Tag("slow")
class GoldenCasesTest {

    static final Path FOLDER = Path.of("golden");

    @TestFactory
    Stream<DynamicTest> everyCaseIsWhatTheReferenceComputed() {
        GoldenVerifier verifier = new GoldenVerifier(Implementation.all());
        return GoldenVerifier.files(FOLDER).stream()
                .map(file -> DynamicTest.dynamicTest(file.getFileName().toString(), file.toUri(), () -> {
                    CaseResult result = verifier.verify(file);
                    assertThat(result.passed())
                            .as(() -> result.line() + "\n" + String.join("\n", result.failure()))
                            .isTrue();
                }));
    }

    /** So that the deletion of any is noticed. */
    @Test
    void everyCaseIsListed() throws Exception {
        assertThat(Files.readAllLines(FOLDER.resolve(GoldenVerifier.LIST)))
                .isEqualTo(GoldenVerifier.files(FOLDER).stream()
                        .map(MoreFiles::getNameWithoutExtension)
                        .toList());
    }

    @Test
    void everyKindHasCases() throws Exception {
        List<Path> files = GoldenVerifier.files(FOLDER);
        Set<String> kinds = new TreeSet<>();
        for (Path file : files) {
            kinds.add(CaseFile.read(file).kind());
        }
        assertThat(kinds)
                .containsExactly(
                        "autoregressive_model",
                        "distillation",
                        "feed_forward",
                        "layer",
                        "mha",
                        "moe",
                        "optimizer",
                        "switch_ff",
                        "trajectory",
                        "transformer");
    }
}
