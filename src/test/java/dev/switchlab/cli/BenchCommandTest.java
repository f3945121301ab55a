package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.switchlab.testing.JavaProcess;
import dev.switchlab.testing.NeedsMpi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The benchmark end to end, of a tiny model; the reference is a shell script that answers as golden/bench_reference.py
 * does.
 */
@DisabledOnOs(OS.WINDOWS)
@Tag("slow")
class BenchCommandTest {

    private static final String TINY =
            "model.d_model=8 model.heads=2 model.d_ff=16 model.n_layers=1 train.seq_len=8 train.batch_size=4";

    private static final String INTRODUCTION =
            "{\"code\": \"original@1234\", \"torch\": \"2.0\", \"blas\": \"GoodBLAS 1\", \"threads\": 1, \"gflopPerSecond\": %s}";

    @TempDir
    private Path folder;

    private record Ended(int code, List<String> lines) {

        String last() {
            return lines.get(lines.size() - 1);
        }
    }

    private Ended bench(String... more) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of("bench", "--quick", "--threads", "1", "--set", TINY));
        arguments.addAll(List.of("--out", folder.resolve("out").toString()));
        arguments.addAll(List.of(more));
        ProcessBuilder process = JavaProcess.of(Main.class, arguments.toArray(String[]::new));
        process.environment().keySet().removeIf(name -> name.startsWith("SWITCHLAB_"));
        Commands commands = new Commands(folder);
        int code = commands.end(commands.start(process, "output"));
        return new Ended(code, commands.output().lines().toList());
    }

    private String python(String... script) throws IOException {
        Path file = folder.resolve("python");
        Files.writeString(file, "#!/bin/sh\n" + String.join("\n", script) + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
        return file.toString();
    }

    private List<Path> files() throws IOException {
        Path out = folder.resolve("out");
        if (!Files.exists(out)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(out)) {
            return files.sorted().toList();
        }
    }

    @Test
    @NeedsMpi
    void ranksTakeTurnsWithOneProcess() throws Exception {
        Ended ended = bench("--ranks", "1,2");
        assertThat(ended.code()).as(String.join("\n", ended.lines())).isZero();
        assertThat(ended.lines()).anyMatch(line -> line.matches(" +1 +\\d+ .* 1\\.00 +0\\.00 .*"));
        assertThat(ended.lines()).anyMatch(line -> line.startsWith("  2, all experts on each"));
        assertThat(ended.lines()).anyMatch(line -> line.startsWith("  2, experts sharded"));
        assertThat(files()).singleElement().asString().endsWith("-ranks.txt");
    }

    @Test
    void withoutAReferenceItSaysSo() throws Exception {
        Ended ended = bench();
        assertThat(ended.code()).as(String.join("\n", ended.lines())).isZero();
        assertThat(ended.last())
                .matches(
                        "share of roofline \\d+\\.\\d\\d \\(4 experts, float32, 1 threads\\), ratio to reference not measured");
    }

    @Test
    void comparesWithTheReferenceAndKeepsTableJsonAndFigure() throws Exception {
        Ended ended = bench(
                "--reference",
                python(
                        "echo '" + INTRODUCTION.formatted("1e6") + "'",
                        "while read -r question; do",
                        "  case \"$question\" in",
                        "    *forget*) echo '{\"ms\": [], \"now\": 1, \"peak\": 2}' ;;",
                        "    *training*) echo '{\"ms\": [2000000], \"now\": 100, \"peak\": 200}' ;;",
                        "    *) echo '{\"ms\": [1000], \"now\": 100, \"peak\": 200}' ;;",
                        "  esac",
                        "done"));
        assertThat(ended.code()).as(String.join("\n", ended.lines())).isZero();
        // A reference that takes half an hour for a step.
        assertThat(ended.last())
                .matches(
                        "share of roofline \\d+\\.\\d\\d \\(4 experts, float32, 1 threads\\), ratio to reference 0\\.00");
        assertThat(String.join("\n", ended.lines()))
                .contains("GoodBLAS 1", "original@1234", "the reference after the same steps: 100 MB (peak 200)");

        assertThat(files()).hasSize(3);
        JsonNode result = new ObjectMapper().readTree(files().get(0).toFile());
        assertThat(result.at("/setup/threads").asInt()).isEqualTo(1);
        assertThat(result.at("/setup/reference/blas").asText()).isEqualTo("GoodBLAS 1");
        assertThat(result.at("/tables").findValuesAsText("id"))
                .containsExactly("experts", "batch", "sequence", "top_k", "evaluation", "generation", "start");
        JsonNode experts = result.at("/tables/0/rows");
        assertThat(experts.findValuesAsText("name")).containsExactly("1", "4", "16", "dense");
        JsonNode four = experts.get(1);
        assertThat(four.at("/ms").fieldNames())
                .toIterable()
                .containsExactly("total", "forward", "backward", "clip", "optimizer", "other", "reference");
        assertThat(four.at("/ms/reference/median").asDouble()).isEqualTo(2e6);
        assertThat(four.at("/figures/flop").asDouble()).isEqualTo(flop());
        assertThat(four.at("/figures/share_of_roofline").asDouble())
                .isEqualTo(four.at("/figures/products_ms").asDouble()
                        / four.at("/ms/total/median").asDouble());
        assertThat(experts.get(3).at("/ms").has("reference")).isFalse();

        var svg = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(files().get(1).toFile());
        assertThat(svg.getDocumentElement().getTagName()).isEqualTo("svg");
        assertThat(Files.readString(files().get(1))).contains("SwitchLab", "dense, same operations", "reference");
        assertThat(Files.readString(files().get(2))).endsWith(ended.last() + "\n");
    }

    /** One layer, 8 x 4 tokens, 8 features, 2 heads, experts of 16, 65 characters. */
    private static double flop() {
        double tokens = 32;
        double layer =
                tokens * 8 * 24 + tokens * 8 * 8 + 2 * (4 * 2) * 8 * 8 * 4 + tokens * 8 * 4 + 2 * tokens * 8 * 16;
        return 3 * 2 * (layer + tokens * 8 * 65);
    }

    static Stream<Arguments> badReferences() {
        return Stream.of(
                Arguments.of(
                        "echo 'a warning' >&2; echo 'only the plain reference BLAS' >&2; exit 1",
                        "is '.*python': only the plain reference BLAS"),
                Arguments.of(
                        "echo '" + INTRODUCTION.formatted("1e-6") + "'; cat > /dev/null",
                        "multiplies at 0 GFLOP/s with GoodBLAS 1, SwitchLab at .*; give it a good BLAS.*"),
                Arguments.of("echo hello", "is '.*python', which answers 'hello'.*"),
                Arguments.of("", "is '.*nothing', .*does not start.*"));
    }

    @ParameterizedTest
    @MethodSource("badReferences")
    void aBadReferenceIsRefusedInOneLine(String script, String message) throws Exception {
        Ended ended = bench(
                "--reference", script.isEmpty() ? folder.resolve("nothing").toString() : python(script));
        assertThat(ended.code()).isEqualTo(1);
        assertThat(ended.last()).matches("switchlab: REFERENCE " + message);
        assertThat(ended.lines()).noneMatch(line -> line.startsWith("\tat "));
        assertThat(files()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "--ranks      | 1,3   | RANKS is '1,3', allowed with bench: numbers separated by commas that divide"
                        + " train.batch_size=4, for example RANKS=1,2",
                "--experiment | dense | the experiment dense has no experts; bench varies one that has, for example"
                        + " EXPERIMENT=reference"
            })
    void impossibleOptionsAreRefused(String option, String value, String message) throws Exception {
        Ended ended = bench(option, value);
        assertThat(ended.code()).isEqualTo(1);
        assertThat(ended.last()).isEqualTo("switchlab: " + message);
    }
}
