package dev.switchlab.sweep;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** Several seeds in one word: {@code 1..5} or {@code 1,2,7}. */
public final class Seeds {

    private static final Pattern RANGE = Pattern.compile("(-?\\d{1,18})\\.\\.(-?\\d{1,18})");
    private static final Pattern LIST = Pattern.compile("-?\\d{1,18}(,-?\\d{1,18})*");
    private static final int MOST = 1000;

    private Seeds() {}

    /**
     * The seeds.
     *
     * @throws IllegalArgumentException in one line, if it is something else, or a seed is there twice
     */
    public static List<Long> parse(String text) {
        String word = text.replaceAll("\\s+", "");
        Matcher range = RANGE.matcher(word);
        List<Long> seeds = new ArrayList<>();
        if (range.matches()) {
            long from = Long.parseLong(range.group(1));
            long to = Long.parseLong(range.group(2));
            seeds.addAll(LongStream.rangeClosed(from, Math.min(to, from + MOST))
                    .boxed()
                    .toList());
        } else if (LIST.matcher(word).matches()) {
            for (String seed : word.split(",", -1)) {
                seeds.add(Long.valueOf(seed));
            }
        }
        if (seeds.isEmpty() || seeds.size() > MOST || seeds.stream().distinct().count() < seeds.size()) {
            throw new IllegalArgumentException("SEEDS is '" + text + "', allowed: a range or a list of at most " + MOST
                    + " different seeds, for example 1..5 or 1,2,7");
        }
        return seeds;
    }

    /** As they may be written: {@code 1..5} or {@code 1,2,7}. */
    public static String shown(List<Long> seeds) {
        long first = seeds.get(0);
        long last = seeds.get(seeds.size() - 1);
        boolean range = seeds.size() > 2
                && seeds.equals(LongStream.rangeClosed(first, last).boxed().toList());
        return range ? first + ".." + last : seeds.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
}
