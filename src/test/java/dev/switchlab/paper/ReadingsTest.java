package dev.switchlab.paper;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A reading says nothing that its section's table does not: each of its numbers stands, rounded or exactly, before the
 * reading, and each verdict names the rows that have it, as in "better (B, C)".
 */
class ReadingsTest {

    private static final Path RESULTS = Path.of("experiments/results/RESULTS.md");
    private static final String READING = "**Reading.** ";

    // A number, but not a part of a name such as model.top_2 or 2022a, nor the "1-7" in "1e-7".
    private static final Pattern NUMBER =
            Pattern.compile("(?<![\\w.])(?:\\d[\\d,]*\\d|\\d)?\\.?\\d+(?:e-?\\d+)?(?![\\w])");
    private static final Pattern QUESTION = Pattern.compile("\\bquestions? \\d+(?:(?:,| and| to) \\d+)*");
    private static final Pattern VERDICT =
            Pattern.compile("\\b(better|worse|equivalent|undecided)\\b(?: \\(([A-Z](?:, [A-Z])*)\\))?");

    @Test
    void readingsAgreeWithTheirTables() throws IOException {
        List<String> wrong = new ArrayList<>();
        int readings = 0;
        for (String section : Splitter.onPattern("(?m)^## ").split(Files.readString(RESULTS))) {
            String title = section.lines().findFirst().orElse("");
            readings += section.contains(READING) ? 1 : 0;
            faults(section).forEach(fault -> wrong.add(title + ": " + fault));
        }
        assertThat(readings).isPositive();
        assertThat(wrong).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "4 experts are better (B) by .034, in 1.48 times the steps. |",
                "8 experts are better (C) by .04, and 1 of 8 is a share. |",
                "4 experts are better (B) by .043. | number .043",
                "4 experts are better (B) in 2 times the steps. | number 2",
                "4 experts are better by .034. | 'better' names no rows",
                "4 experts are worse (B). | row B is better, not worse",
                "8 experts are equivalent (C, Z). | row C is better, not equivalent; row Z is missing, not equivalent",
                "As question 7 has it, D is undecided (D). |",
            })
    void faultsAreFound(String reading, String faults) {
        String section = """
                1. Is it better?

                | | variant | seeds | difference | | steps |
                | --- | --- | --- | --- | --- | --- |
                | A | dense | 7 | baseline |  | 1.00 |
                | B | switch, 4 experts | 7 | -0.0339 +- 0.0090 | better | 1.48 |
                | C | switch, 8 experts | 7 | -0.0444 +- 0.0090 | better | 1.58 |
                | D | top 1 of 8 | 7 | -0.0044 +- 0.0090 | undecided | 1.58 |

                **Reading.** %s
                """.formatted(reading.strip());
        assertThat(String.join("; ", faults(section))).isEqualTo(faults == null ? "" : faults.strip());
    }

    private static List<String> faults(String section) {
        int start = section.indexOf(READING);
        if (start < 0) {
            return List.of();
        }
        String before = section.substring(0, start);
        String reading = Splitter.on("\n\n")
                .split(section.substring(start + READING.length()))
                .iterator()
                .next();
        List<BigDecimal> known =
                NUMBER.matcher(before).results().map(ReadingsTest::number).toList();
        List<String> faults = new ArrayList<>();
        NUMBER.matcher(QUESTION.matcher(reading).replaceAll("")).results().forEach(found -> {
            BigDecimal own = number(found);
            boolean isWhole = own.scale() <= 0; // 7.5 is not 8
            boolean stands = known.stream()
                    .map(value -> isWhole ? value : value.setScale(own.scale(), RoundingMode.HALF_UP))
                    .anyMatch(value -> value.compareTo(own) == 0);
            if (!stands) {
                faults.add("number " + found.group());
            }
        });
        Map<String, String> verdicts = verdicts(before);
        VERDICT.matcher(reading).results().forEach(found -> {
            if (found.group(2) == null) {
                faults.add("'" + found.group(1) + "' names no rows");
                return;
            }
            for (String row : Splitter.on(", ").split(found.group(2))) {
                String verdict = verdicts.getOrDefault(row, "missing");
                if (!verdict.equals(found.group(1))) {
                    faults.add("row " + row + " is " + verdict + ", not " + found.group(1));
                }
            }
        });
        return faults;
    }

    private static BigDecimal number(MatchResult found) {
        return new BigDecimal(found.group().replace(",", ""));
    }

    /** Row letter to verdict, of the section's first table. */
    private static Map<String, String> verdicts(String text) {
        Map<String, String> verdicts = new HashMap<>();
        int column = -1;
        for (String line : text.lines().filter(line -> line.startsWith("|")).toList()) {
            List<String> cells = Splitter.on('|').trimResults().splitToList(line);
            int difference = cells.indexOf("difference");
            if (difference > 0) {
                column = difference + 1;
            } else if (column > 0 && cells.size() > column && cells.get(1).matches("[A-Z]")) {
                verdicts.putIfAbsent(cells.get(1), cells.get(column));
            }
        }
        return verdicts;
    }
}
