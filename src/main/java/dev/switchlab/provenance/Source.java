package dev.switchlab.provenance;

import dev.switchlab.io.Sha256;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The source code of this program.
 *
 * @param commit the git commit; empty without git
 * @param dirty whether files differ from the commit or are untracked; results of {@code make paper} do not count
 * @param untracked untracked files, at most {@value #MOST_FILES}
 * @param diff the difference from the commit, cut to {@value #LONGEST_DIFF} characters
 * @param diffSha256 of the whole difference; empty if there is none
 * @param note why there is no commit; empty if there is one
 */
public record Source(
        String commit, boolean dirty, List<String> untracked, String diff, String diffSha256, String note) {

    private static final int LONGEST_DIFF = 200_000;
    private static final int MOST_FILES = 100;

    /** {@code make paper} writes results while it runs; no run depends on them. */
    private static final List<String> BUT_RESULTS = List.of("--", ".", ":(exclude)experiments/results");

    static Source in(Path folder) {
        Optional<String> commit = Processes.output(folder, "git", "rev-parse", "HEAD");
        if (commit.isEmpty()) {
            return new Source("", false, List.of(), "", "", "no git, or no commit of a git repository here");
        }
        String diff = git(folder, "diff", "--no-ext-diff", "HEAD");
        List<String> untracked = git(folder, "ls-files", "--others", "--exclude-standard")
                .lines()
                .limit(MOST_FILES)
                .toList();
        return new Source(
                commit.get().strip(),
                !diff.isEmpty() || !untracked.isEmpty(),
                untracked,
                diff.length() > LONGEST_DIFF
                        ? diff.substring(0, LONGEST_DIFF) + "\n... cut: " + diff.length() + " characters in all\n"
                        : diff,
                diff.isEmpty() ? "" : Sha256.of(diff),
                "");
    }

    /** MLflow's tags for the repository and the branch of the code, as far as there are any. */
    public static Map<String, String> repository(Path folder) {
        Map<String, String> tags = new TreeMap<>();
        output(folder, "git", "remote", "get-url", "origin")
                .ifPresent(url -> tags.put("mlflow.source.git.repoURL", url));
        output(folder, "git", "symbolic-ref", "--short", "HEAD")
                .ifPresent(branch -> tags.put("mlflow.source.git.branch", branch));
        return tags;
    }

    private static Optional<String> output(Path folder, String... command) {
        return Processes.output(folder, command).map(String::strip).filter(text -> !text.isEmpty());
    }

    private static String git(Path folder, String... arguments) {
        List<String> command = new ArrayList<>(List.of("git"));
        command.addAll(List.of(arguments));
        command.addAll(BUT_RESULTS);
        return Processes.output(folder, command.toArray(String[]::new)).orElse("");
    }
}
