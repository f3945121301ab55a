package dev.switchlab.sweep;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A worker that behaves as the label of its plan says, instead of training. */
public final class FakeWorker {

    private FakeWorker() {}

    /** Takes the arguments of the command {@code worker}. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Path file = Path.of(args[args.length - 1]);
        RunPlan plan = RunPlan.read(file);
        System.out.println("at 1 2 3.5 1.0");
        switch (plan.label()) {
            case "works" -> {
                Thread.sleep(300);
                System.out.println("done 2.5 0.3");
            }
            case "fails" -> {
                System.out.println("some library says at 1 2");
                System.out.println("failed training diverged");
                System.exit(1);
            }
            case "crashes" -> {
                System.err.println("no libtorch for this processor");
                System.exit(3);
            }
            case "obeys" -> {
                while (System.in.read() >= 0) {
                    // Until the launcher closes it.
                }
                System.out.println("stopped 1");
                System.exit(130);
            }
            default -> {
                Files.writeString(file.resolveSibling(plan.number() + ".deaf"), "");
                Thread.sleep(100_000);
            }
        }
    }
}
