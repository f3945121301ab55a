package dev.switchlab.golden;

import ai.djl.Device;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.testing.JavaProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Shows that the golden cases catch wrong models: each mutant is compiled by itself, put before the real classes on the
 * class path of a new JVM, and verified in the forms that compute by its code. Run from the project's root: {@code make
 * mutants}. Exit code 1 if a mutant survives.
 */
public final class Mutants {

    private static final Path CASES = Path.of("golden");

    private Mutants() {}

    /** The forms that compute by a mutant's code: a verification in all of them would take four times as long. */
    enum Code {
        /** By plain operators. */
        PLAIN,
        /** By kernels, without and with one that rounds up the rows per expert. */
        FUSED;

        /** By its key in {@code mutants.yaml}. */
        static Code of(String key) {
            return valueOf(key.toUpperCase(Locale.ROOT));
        }

        GoldenVerifier verifier() {
            if (this == FUSED) {
                return new GoldenVerifier(
                        Implementation.on(Device.cpu(), DispatchForm.FUSED).subList(0, 2));
            }
            return new GoldenVerifier(Implementation.all().stream()
                    .filter(implementation -> implementation.dispatch() != DispatchForm.FUSED)
                    .toList());
        }
    }

    /**
     * Without arguments runs every mutant, with one argument those whose names contain it; {@code verify} and a
     * {@link Code} is what the new JVMs run.
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        if (args.length == 2 && args[0].equals("verify")) {
            verify(Code.valueOf(args[1]));
            return;
        }
        Path work = Files.createTempDirectory("mutants");
        boolean caught;
        try {
            caught = runAll(work, args.length == 0 ? "" : args[0]);
        } finally {
            MoreFiles.deleteRecursively(work, RecursiveDeleteOption.ALLOW_INSECURE);
        }
        System.exit(caught ? 0 : 1);
    }

    /**
     * Prints each failed case's name, and then the summary. A script that does not compile proves nothing: it throws.
     */
    private static void verify(Code code) {
        GoldenReport report = code.verifier().verify(CASES, "", result -> {
            if (!result.passed()) {
                result.runs().stream()
                        .flatMap(run -> run.failure().stream())
                        .filter(line -> line.contains("does not compile"))
                        .findFirst()
                        .ifPresent(line -> {
                            throw new IllegalStateException(line);
                        });
                System.out.println("caught " + result.name());
            }
        });
        System.out.println(report.summary());
    }

    private static boolean runAll(Path work, String only) throws IOException, InterruptedException {
        System.out.printf("%-48s  %-30s  %s%n", "mutant", "in", "caught by");
        int caught = 0;
        int all = 0;
        for (Code code : Code.values()) {
            List<String> untouched = verifyWith(work, code);
            if (!untouched.isEmpty()) {
                System.out.println(
                        "the model fails without any mutant: " + untouched.subList(0, Math.min(3, untouched.size())));
                return false;
            }
            for (Mutant mutant : Mutant.byCode().get(code)) {
                if (!mutant.name().contains(only)) {
                    continue;
                }
                Path classes = Files.createTempDirectory(work, "mutant");
                mutant.write(classes);
                List<String> failed = verifyWith(classes, code);
                String verdict = failed.isEmpty()
                        ? "SURVIVES"
                        : failed.size() + (failed.size() == 1 ? " case, " : " cases, as ") + failed.get(0);
                System.out.printf("%-48s  %-30s  %s%n", mutant.name(), mutant.file(), verdict);
                all++;
                caught += failed.isEmpty() ? 0 : 1;
            }
        }
        System.out.printf(Locale.ROOT, "%d of %d mutants caught%n", caught, all);
        return caught == all && all > 0;
    }

    /** The cases that fail when {@code classes} stand first on the class path of a new JVM that verifies. */
    private static List<String> verifyWith(Path classes, Code code) throws IOException, InterruptedException {
        String classPath = classes + System.getProperty("path.separator") + System.getProperty("java.class.path");
        ProcessBuilder builder = JavaProcess.withOptions(List.of(), Mutants.class, "verify", code.name())
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.command().set(builder.command().indexOf("-cp") + 1, classPath);
        Process process = builder.start();
        List<String> lines = process.inputReader().lines().toList();
        process.waitFor();
        // A mutant that crashes the JVM would leave no summary: that is no proof that the cases caught it.
        if (lines.isEmpty() || !lines.get(lines.size() - 1).matches("\\d+ passed, \\d+ failed")) {
            throw new IllegalStateException("verification ended without a summary: " + lines);
        }
        return lines.stream()
                .filter(line -> line.startsWith("caught "))
                .map(line -> line.substring("caught ".length()))
                .toList();
    }
}
