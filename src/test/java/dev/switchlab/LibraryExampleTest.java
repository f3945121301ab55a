package dev.switchlab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.lab.Lab;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java code of the guide's page on the library compiles and runs. */
@Tag("slow")
class LibraryExampleTest {

    private static final Pattern EXAMPLE = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
    private static final String RUNS = "Path.of(\"runs\")";
    private static final String SETTINGS = "train.steps=3 train.log_every=1 train.eval_every=3 train.eval_batches=1"
            + " train.checkpoint_every=3 train.sample_every=3 train.sample_length=5 train.batch_size=4";

    @TempDir
    Path folder;

    @Test
    void theExampleRuns() throws Exception {
        Matcher example = EXAMPLE.matcher(Files.readString(Path.of("src/site/markdown/library.md")));
        assertThat(example.find()).isTrue();
        String code = example.group(1);
        assertThat(code).contains(RUNS);
        Lab.restart(folder.resolve("runs"));
        Lab.experiment("smoke").with(SETTINGS).train();

        String output = run(code.replace(RUNS, "Path.of(\"" + folder.resolve("runs") + "\")"));

        assertThat(output).contains("(64, 2)"); // what the model with the switch layer gave
        assertThat(output.lines().filter(line -> line.matches("[123] \\d\\.\\d+")))
                .hasSize(3); // the losses
        assertThat(output).contains("character", "expert", "probability"); // where each character went
    }

    private String run(String code) throws Exception {
        Map<Boolean, List<String>> lines =
                code.lines().collect(Collectors.partitioningBy(line -> line.startsWith("import ")));
        Path source = folder.resolve("Example.java");
        Files.writeString(
                source,
                String.join("\n", lines.get(true))
                        + "\npublic class Example {\npublic static void main(String[] args) throws Exception {\n"
                        + String.join("\n", lines.get(false)) + "\n}\n}\n");
        compile(source);
        PrintStream out = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            loader.loadClass("Example").getMethod("main", String[].class).invoke(null, (Object) new String[0]);
        } finally {
            System.setOut(out);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }

    private void compile(Path source) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        // Surefire hides the class path in the manifest of a jar, and says it here.
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        List<String> options = List.of("-proc:none", "-d", folder.toString(), "-classpath", classPath);
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            boolean compiled = compiler.getTask(
                            messages, files, null, options, null, files.getJavaFileObjects(source.toFile()))
                    .call();
            assertThat(compiled).as(messages.toString()).isTrue();
        }
    }
}
