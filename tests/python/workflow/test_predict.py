from __future__ import annotations
def test_x(trained, arrived, tmp_path):
    from tissueshap import workflow
    trained.save("/tmp/page/toy_model")
    arrived.write_h5ad("/tmp/page/toy_new.h5ad")
    a = workflow.predict(trained, arrived, tmp_path / "o", label="tissue", n_draws=20)
    print(a.obs.to_string())
    print(open(tmp_path/"o"/"summary.json").read())
    print(open(tmp_path/"o"/"genes.tsv").read()[:3000])
    1/0
