package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The Makefile's variables: which are taken, from where, and what is said of the others. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "needs GNU make and a shell")
class MakefileTest {

    private static final int REFUSED = 2;

    @TempDir
    private Path folder;

    private record Ended(int code, String output) {}

    /** Make with a shell environment; a script in place of Java prints what SwitchLab would see. */
    private Ended make(Map<String, String> environment, String... arguments) throws Exception {
        return make("--old-file=target/classpath", environment, arguments);
    }

    private Ended make(String option, Map<String, String> environment, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("make", "--no-print-directory", option));
        command.addAll(List.of(arguments));
        ProcessBuilder process = new ProcessBuilder(command).redirectErrorStream(true);
        process.environment().keySet().removeIf(name -> name.startsWith("MAKE") || name.startsWith("SWITCHLAB_"));
        process.environment().remove("MFLAGS");
        process.environment().put("JAVA", java());
        process.environment().putAll(environment);
        Process started = process.start();
        String output = new String(started.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(started.waitFor(), output);
    }

    private String java() throws IOException {
        Path script = folder.resolve("java");
        Files.writeString(script, "#!/bin/sh\nenv | grep ^SWITCHLAB_ | sort\necho \"arguments: $*\"\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        return script.toString();
    }

    @Test
    void variablesOfTheCommandLineReachTheProgramAsTheyWereTyped() throws Exception {
        String prompt = "it's $HOME, \"quoted\" and `more` \\ of it";
        Ended ended = make(Map.of(), "sample", "RUN=3f2a", "PROMPT=" + prompt, "DEBUG=true");
        assertThat(ended.code()).isZero();
        assertThat(ended.output())
                .contains("SWITCHLAB_RUN=3f2a\n", "SWITCHLAB_DEBUG=true\n")
                .contains("SWITCHLAB_PROMPT=" + prompt + "\n")
                .contains("dev.switchlab.cli.Main sample\n");
    }

    @Test
    @Tag("slow")
    void classesOfTheLibrariesComeFromTheArchiveThatTheBuildLeaves() throws Exception {
        Path jvm = Path.of(System.getProperty("java.home"));
        assumeThat(jvm.resolve("lib/server/classes.jsa")).exists(); // else this JVM shares no classes
        Map<String, String> java = Map.of("JAVA", jvm.resolve("bin/java").toString());
        Ended built = make("--what-if=pom.xml", java, "build", "MVN=true");
        assertThat(built.code()).isZero();
        assertThat(built.output()).isEmpty();
        String loaded =
                make(java, "experiments", "JAVA_OPTS=-Xlog:class+load:stdout").output();
        assertThat(loaded)
                .containsPattern("com\\.fasterxml\\.jackson\\.core\\.JsonFactory source: shared objects file")
                .containsPattern("dev\\.switchlab\\.cli\\.Main source: file:")
                .contains("smoke   ");
    }

    @Test
    void variablesOfTheShellDoNot() throws Exception {
        Map<String, String> shell = Map.of("DEBUG", "release", "NEW", "1", "THREADS", "4711", "START", "-Xmx1m");
        for (String target : List.of("sweep", "train", "notebook")) {
            Ended ended = make(shell, target);
            assertThat(ended.code()).isZero();
            assertThat(ended.output()).doesNotContain("release", "SWITCHLAB_NEW", "4711", "-Xmx1m");
        }
    }

    @Test
    void theToolsOwnVariablesCountFromTheShellToo() throws Exception {
        assertThat(make(Map.of("JAVA_OPTS", "-Dfrom=shell"), "train").output()).contains("-Dfrom=shell");
        assertThat(make(Map.of(), "train", "JAVA_OPTS=-Dgiven=here").output()).contains("-Dgiven=here");
        assertThat(make(Map.of(), "train", "MLFLOW_TRACKING_URI=http://localhost:1")
                        .code())
                .isZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "train | STEPS=10 | make train does not take STEPS; did you mean SET=\"train.steps=10\"?",
                "train | N_EXPRTS=8 | make train does not take N_EXPRTS; did you mean SET=\"model.n_experts=8\"?",
                "sweep | SEDS=1..3 | make sweep does not take SEDS; did you mean SEEDS=1..3?",
                "sample | GRID=a=1 | make sample does not take GRID, which is for sweep; allowed: RUN PROMPT LENGTH",
                "sample | STEPS=10 | make sample does not take STEPS; allowed: RUN PROMPT LENGTH",
                "runs | SEED=1 | make runs does not take SEED, which is for train sweep sample; it takes no variables"
            })
    void anyOtherIsRefusedInOneLineWithTheNameThatWasMeant(String target, String variable, String message)
            throws Exception {
        Ended ended = make(Map.of(), target, variable);
        assertThat(ended.code()).isEqualTo(REFUSED);
        assertThat(ended.output().lines()).singleElement().asString().contains(message);
    }

    @Test
    void helpListsTheVariablesOfEachTarget() throws Exception {
        Ended help = make(Map.of(), "help");
        assertThat(help.code()).isZero();
        assertThat(help.output())
                .containsPattern("\nsample +Continue .*\n +RUN PROMPT LENGTH TEMPERATURE TOP_K SEED DEVICE THREADS\n")
                .containsPattern("\nruns +List the runs\nc");
    }
}
