package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
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
    void textsArriveWholeInAnyLocale() throws Exception {
        Path script = folder.resolve("charmap");
        Files.writeString(script, "#!/bin/sh\nlocale charmap\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        Map<String, String> shell = Map.of("LC_ALL", "C", "JAVA", script.toString());
        assertThat(make(shell, "sample").output()).isEqualTo("UTF-8\n");
    }

    @Test
    @Tag("slow")
    void classesOfTheLibrariesComeFromTheArchiveThatTheBuildLeaves() throws Exception {
        Path jvm = Path.of(System.getProperty("java.home"));
        assumeThat(jvm.resolve("lib/server/classes.jsa")).exists(); // else this JVM shares no classes
        Map<String, String> java = Map.of("JAVA", jvm.resolve("bin/java").toString());
        Ended built = make("--what-if=pom.xml", java, "build", "MVN=true");
        assertThat(built.code()).isZero();
        assertThat(built.output()).isEqualTo("compiling ...\n");
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

    /** A copy of the project as far as make needs it, in a path with a space, and scripts in place of the tools. */
    private final class Copy {

        private static final String TOOL =
                "#!/bin/sh\necho \"$(basename \"$0\")\"\nfor argument; do echo \"[$argument]\"; done\n";

        private final Path project = folder.resolve("a project");
        private final Path tools = folder.resolve("tools");
        private final Path jar = folder.resolve("a project/pytorch-native-cpu-2.7.1.jar");

        Copy(String tool) throws IOException {
            for (String part :
                    List.of("Makefile", "pom.xml", "src/main/make", "experiments", "jshell", "golden/exchange.sh")) {
                try (Stream<Path> files = Files.walk(Path.of(part), 1)) {
                    for (Path file : files.filter(Files::isRegularFile).toList()) {
                        Path copy = project.resolve(file);
                        Files.createDirectories(copy.getParent());
                        Files.copy(file, copy, StandardCopyOption.COPY_ATTRIBUTES);
                    }
                }
            }
            Files.createFile(jar);
            Files.createDirectories(tools);
            for (String name : List.of("java", "jshell", "mvn", "python3")) {
                Files.setPosixFilePermissions(
                        Files.writeString(tools.resolve(name), tool), PosixFilePermissions.fromString("rwx------"));
            }
        }

        List<String> targets() throws IOException {
            return Pattern.compile("(?m)^([a-z-]+):.*## ")
                    .matcher(Files.readString(project.resolve("Makefile")))
                    .results()
                    .map(match -> match.group(1))
                    .toList();
        }

        ProcessBuilder make(String... arguments) throws IOException {
            Files.createDirectories(project.resolve("target"));
            Files.writeString(project.resolve("target/classpath"), jar.toString());
            List<String> command = new ArrayList<>(List.of("make", "--no-print-directory"));
            command.addAll(List.of(arguments));
            ProcessBuilder process =
                    new ProcessBuilder(command).directory(project.toFile()).redirectErrorStream(true);
            process.environment().keySet().removeIf(name -> name.startsWith("MAKE") || name.startsWith("SWITCHLAB_"));
            process.environment().keySet().removeAll(List.of("MFLAGS", "JAVA", "JAVA_HOME", "PYTHON", "MVN"));
            process.environment().put("PATH", tools + ":" + System.getenv("PATH"));
            process.environment().put("PYTHON", "python3");
            return process;
        }

        String output(String... arguments) throws Exception {
            Process process = make(arguments).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(output).isZero();
            return output;
        }
    }

    @Test
    void everyTargetRunsInAPathWithASpace() throws Exception {
        Copy copy = new Copy(Copy.TOOL);
        for (String target : copy.targets()) {
            assertThat(copy.output(target).lines().filter(line -> line.matches("\\[.*/a]|\\[project/.*")))
                    .as(target)
                    .isEmpty();
        }
        assertThat(copy.output("train"))
                .contains("[" + copy.jar + ":target/classes]\n[dev.switchlab.cli.Main]\n[train]\n");
        assertThat(copy.output("jshell"))
                .contains("[-J-Djava.util.prefs.userRoot=" + copy.project.toRealPath() + "/target/jshell]\n");
        assertThat(copy.output("test")).contains("mvn\n[-B]\n[-ntp]\n[verify]\n");
    }

    /** A shell between make and the program would keep the signal to itself. */
    @Test
    @Tag("slow")
    void aSignalToMakeReachesTheProgramOfEachTarget() throws Exception {
        Copy copy = new Copy("""
                #!/bin/sh
                case "$*" in *ersion|*test-compile|*build-classpath*|-J*) exit ;; esac
                trap 'echo "$$" > "$ENDED"; exit 143' TERM
                echo started
                while :; do sleep 0.05; done
                """);
        List<String> targets = new ArrayList<>(copy.targets());
        targets.removeAll(List.of("help", "build", "clean", "exchange"));
        for (String target : targets) {
            Path ended = folder.resolve(target);
            ProcessBuilder make = copy.make(target);
            make.environment().put("ENDED", ended.toString());
            Process started = make.start();
            List<ProcessHandle> program = List.of();
            try (BufferedReader output = started.inputReader()) {
                String line = output.readLine();
                while (line != null && !line.equals("started")) {
                    line = output.readLine();
                }
                program = started.descendants().toList();
                started.destroy();
                assertThat(started.waitFor(20, TimeUnit.SECONDS)).as(target).isTrue();
                assertThat(ended).exists();
            } finally {
                program.forEach(ProcessHandle::destroyForcibly);
            }
        }
    }

    @Test
    void theBuildIsMadeAnewForTheOtherLibtorchAndForAJarThatIsGone() throws Exception {
        assumeThat(Path.of("/proc/driver/nvidia/version")).doesNotExist();
        Copy copy = new Copy(Copy.TOOL);
        assertThat(copy.output("train")).startsWith("java\n");
        assertThat(copy.output("train", "CUDA=true"))
                .startsWith("cu124 instead of cpu: Maven downloads what is missing")
                .contains(
                        "2.9 GB",
                        "CUDA=false",
                        "mvn\n[-Dcuda=true]\n[-Punchecked]\n[process-classes]\n",
                        "Main]\n[train]\n");
        assertThat(copy.output("test")).contains("2.9 GB", "mvn\n[-Dcuda=true]\n[-B]\n[-ntp]\n[verify]\n");
        assertThat(copy.output("train", "CUDA=false")).startsWith("java\n");
        Files.delete(copy.jar);
        assertThat(copy.output("train"))
                .startsWith(copy.jar + " is gone: Maven downloads what is missing of the libraries (350 MB) ...\n")
                .contains("mvn\n[-Dcuda=false]\n[-Punchecked]\n[process-classes]\n");
        assertThat(make(Map.of("CUDA", "/usr/local/cuda"), "help").code()).isZero();
        Ended refused = make(Map.of(), "train", "CUDA=12");
        assertThat(refused.code()).isEqualTo(REFUSED);
        assertThat(refused.output()).contains("CUDA is '12', allowed: auto, true (CUDA 12.4), 128 or false");
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
