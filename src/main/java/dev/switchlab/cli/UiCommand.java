package dev.switchlab.cli;

import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Says how to see runs in MLflow's UI. */
@Command(name = "ui", description = "Say how to see the runs in MLflow's UI.")
final class UiCommand implements Runnable {

    @Mixin
    private BookOption books;

    @Override
    public void run() {
        try (MirroredBook store = books.open()) {
            List<Run> newest = store.book().runs(Optional.empty(), 1);
            System.out.println("MLflow's UI (pip install mlflow) opens the book of runs as it is:");
            System.out.println("  cd " + books.folder() + " && mlflow server");
            System.out.println("Before MLflow 3.7 it must be told where: mlflow server --backend-store-uri"
                    + " sqlite:///mlflow.db --artifacts-destination ./mlartifacts");
            for (Run run : newest) {
                String page = BookOption.address(run);
                System.out.println("Newest run:  " + page);
                System.out.println("All of its experiment:  " + page.substring(0, page.indexOf("/runs/"))
                        + "/runs?compareRunsMode=CHART");
                store.mirrors()
                        .flatMap(server -> server.address(run))
                        .ifPresent(there -> System.out.println("On the server:  " + there));
            }
            System.out.println(
                    "From 3.11 on, an experiment opens on an empty page of traces: click \"Model training\".");
        }
    }
}
