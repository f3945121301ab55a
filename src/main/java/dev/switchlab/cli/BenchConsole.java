package dev.switchlab.cli;

import dev.switchlab.bench.BenchResult.Setup;
import dev.switchlab.bench.BenchResult.Table;
import dev.switchlab.bench.BenchText;
import dev.switchlab.bench.Benchmark;
import dev.switchlab.io.Bar;

/** What a person at a terminal sees of a benchmark: a bar with the time left, and each table when it is complete. */
final class BenchConsole implements Benchmark.View, AutoCloseable {

    private Bar bar = Bar.none();
    private int turns;

    @Override
    public void begun(Setup setup, int allTurns) {
        bar = Bar.ofSteps("bench", 0, allTurns);
        println(BenchText.of(setup));
    }

    @Override
    public void section(String title) {
        if (bar.isDrawn()) {
            bar.note(title);
        } else {
            bar.println(title + " ...");
        }
    }

    @Override
    public void turned() {
        turns++;
        bar.reached(turns);
    }

    @Override
    public void ended(Table table) {
        println("\n" + BenchText.of(table));
    }

    private void println(String text) {
        text.lines().forEach(bar::println);
    }

    @Override
    public void close() {
        bar.close();
    }
}
