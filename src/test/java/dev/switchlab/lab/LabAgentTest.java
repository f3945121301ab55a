package dev.switchlab.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import jdk.jshell.EvalException;
import jdk.jshell.JShell;
import jdk.jshell.SnippetEvent;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The prompt's own JVM with the lab's agent, as {@code make jshell} starts it. */
@Tag("slow")
class LabAgentTest {

    private static final ByteArrayOutputStream PRINTED = new ByteArrayOutputStream();
    private static JShell shell;

    @BeforeAll
    static void start() throws IOException {
        String path = System.getProperty("java.class.path");
        PrintStream out = new PrintStream(PRINTED, true, StandardCharsets.UTF_8);
        shell = JShell.builder()
                .executionEngine(new LabExecution(), Map.of())
                .remoteVMOptions("-cp", path, "-Dai.djl.offline=true", "-Dai.djl.pytorch.num_threads=1")
                .compilerOptions("-classpath", path)
                .out(out)
                .err(out)
                .build();
        for (String line : Files.readAllLines(Path.of("jshell/imports.jsh"))) {
            if (line.startsWith("import")) {
                eval(line);
            }
        }
    }

    @AfterAll
    static void stop() {
        shell.close();
    }

    private static SnippetEvent eval(String source) {
        List<SnippetEvent> events = shell.eval(source);
        assertThat(events).as(source).hasSize(1);
        return events.get(0);
    }

    private static EvalException error(String source) {
        SnippetEvent event = eval(source);
        assertThat(event.exception()).as(source).isInstanceOf(EvalException.class);
        return (EvalException) event.exception();
    }

    private static String printed() {
        return PRINTED.toString(StandardCharsets.UTF_8);
    }

    /** Everything that {@code why()} prints of the last error. */
    private static String why() {
        PRINTED.reset();
        eval("why();");
        return printed();
    }

    @Test
    void theLabsAgentIsThere() {
        assertThat(eval("StackWalker.getInstance().walk(s -> s.anyMatch(f -> f.getClassName().endsWith(\"LabAgent\")))")
                        .value())
                .isEqualTo("true");
        assertThat(printed()).doesNotContain("WARNING");
    }

    @Test
    void anErrorOfTheLabIsALineWithoutStackTrace() {
        EvalException error = error("check(1 > 2, \"one is more\")");
        assertThat(error.getExceptionClassName()).isEqualTo("in the lab");
        assertThat(error.getMessage()).isEqualTo("check failed: one is more");
        assertThat(error.getStackTrace()).isEmpty();
    }

    @Test
    void anErrorOfTheEngineIsItsFirstLineAndTheSnippet() {
        eval("NDArray rows = NDManager.newBaseManager().ones(new Shape(2, 3));");
        EvalException error = error("rows.matMul(rows)");
        assertThat(error.getExceptionClassName()).isEqualTo("in PyTorch");
        assertThat(error.getMessage())
                .startsWith("mat1 and mat2 shapes cannot be multiplied")
                .doesNotContain("\n");
        assertThat(error.getStackTrace()).hasSize(1);
        assertThat(why()).contains("torchMatmul");
    }

    @Test
    void onlyTheSnippetsFramesOfAnotherErrorStay() {
        EvalException error = error("List.of(1, 0).stream().map(i -> 1 / i).toList()");
        assertThat(error.getExceptionClassName()).isEqualTo("java.lang.ArithmeticException");
        assertThat(Arrays.stream(error.getStackTrace()).map(StackTraceElement::getFileName))
                .isNotEmpty()
                .allMatch(file -> file.startsWith("#"));
    }

    @Test
    void aMessageOfManyLinesIsCut() {
        EvalException error = error("throw new IllegalStateException(\"first\\nsecond\");");
        assertThat(error.getMessage()).isEqualTo("first; why() shows all");
        assertThat(why()).contains("first\nsecond");
    }

    @Test
    void valuesShowShort() {
        assertThat(eval("NDManager.newBaseManager().arange(3f)").value())
                .isEqualTo("float32 (3) on cpu: mean 1.0000, min 0, max 2.0000\n[0, 1.0000, 2.0000]");
        assertThat(eval("new int[100]").value()).isEqualTo("int[100] { 0, 0, 0, 0, 0, 0, 0, 0, ..., 0 }");
        assertThat(eval("\"text\"").value()).isEqualTo("\"text\"");
        assertThat(eval("Table.create(\"t\", StringColumn.create(\"n\", \"7\"))")
                        .value())
                .isEqualTo("\nn\n7");
    }

    /**
     * The front end throws an exception into the snippet's thread; the next snippet must run as if nothing had been.
     */
    @Test
    void aSnippetCanBeStopped() throws InterruptedException {
        eval("int turns = 0;");
        eval("void turn() { while (true) { if (turns++ == 0) System.out.println(\"turning\"); } }");
        Thread stopper = new Thread(() -> {
            while (!printed().contains("turning")) {
                Thread.onSpinWait();
            }
            shell.stop();
        });
        stopper.start();
        SnippetEvent stopped = eval("turn()");
        stopper.join();
        assertThat(stopped.exception()).isNull();
        assertThat(eval("turns > 0 && !Thread.currentThread().isInterrupted()").value())
                .isEqualTo("true");
    }
}
