// Compiled by `make setup` against MuJoCo's headers; see swirl_mujoco.h. No arithmetic happens here.

#include "swirl_mujoco.h"

#include <mujoco/mujoco.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

// All that a step changes and the next one reads. What Swirl never sets (applied forces, motion capture) keeps
// the model's values in every data, and controls are written before each step.
enum { state_parts = mjSTATE_FULLPHYSICS | mjSTATE_WARMSTART };

// Warnings are read from mjData after each step; MuJoCo would print them and write MUJOCO_LOG.TXT.
static void ignore_warning(const char *message) { (void)message; }

// Returns only where no picture is being made.
void swirl_mujoco_escape(const char *message);

// MuJoCo's errors cannot be returned from.
static void end_process(const char *message) {
  swirl_mujoco_escape(message);
  fprintf(stderr, "swirl: MuJoCo: %s\n", message);
  abort();
}

static int model_count = 0;

static int load(const char *path, swirl_mujoco_model *model, char *error, int error_size) {
  mjModel *m = mj_loadXML(path, NULL, error, error_size);
  if (!m) return 0;
  *model = (swirl_mujoco_model){
      .model = m,
      .index = model_count++,
      .nq = m->nq,
      .nv = m->nv,
      .nu = m->nu,
      .nbody = m->nbody,
      .nsite = m->nsite,
      .state_size = mj_stateSize(m, state_parts),
      .timestep = m->opt.timestep,
      .qpos0 = m->qpos0,
      .ctrl_range = m->actuator_ctrlrange,
      .body_mass = m->body_mass,
  };
  return 1;
}

static int body(const swirl_mujoco_model *model, const char *name) {
  return mj_name2id(model->model, mjOBJ_BODY, name);
}

static swirl_mujoco_data make(const swirl_mujoco_model *model) {
  mjData *d = mj_makeData(model->model);
  if (!d) return (swirl_mujoco_data){.data = NULL};
  return (swirl_mujoco_data){
      .data = d,
      .qpos = d->qpos,
      .qvel = d->qvel,
      .ctrl = d->ctrl,
      .qfrc_actuator = d->qfrc_actuator,
      .qfrc_constraint = d->qfrc_constraint,
      .xpos = d->xpos,
      .xipos = d->xipos,
      .site_xpos = d->site_xpos,
      .cinert = d->cinert,
      .cvel = d->cvel,
      .cfrc_ext = d->cfrc_ext,
  };
}

static void release(swirl_mujoco_data *data) {
  mj_deleteData(data->data);
  data->data = NULL;
}

// One data a thread and model. Each is held by a pointer of its own, which stays when the table grows.
typedef struct {
  int count;
  swirl_mujoco_data **of;
} thread_data;

static pthread_key_t thread_key;
static pthread_once_t thread_key_made = PTHREAD_ONCE_INIT;

static void free_thread_data(void *pointer) {
  thread_data *mine = pointer;
  for (int i = 0; i < mine->count; i++) {
    if (!mine->of[i]) continue;
    release(mine->of[i]);
    free(mine->of[i]);
  }
  free(mine->of);
  free(mine);
}

static void make_thread_key(void) { pthread_key_create(&thread_key, free_thread_data); }

static const swirl_mujoco_data *make_scratch(const swirl_mujoco_model *model, thread_data *mine) {
  if (!mine) {
    mine = calloc(1, sizeof *mine);
    if (!mine) return NULL;
    pthread_setspecific(thread_key, mine);
  }
  if (mine->count <= model->index) {
    int count = model->index + 8;
    swirl_mujoco_data **of = realloc(mine->of, count * sizeof *of);
    if (!of) return NULL;
    for (int i = mine->count; i < count; i++) of[i] = NULL;
    mine->of = of;
    mine->count = count;
  }
  swirl_mujoco_data made = make(model);
  if (!made.data) return NULL;
  swirl_mujoco_data *kept = malloc(sizeof *kept);
  if (!kept) {
    release(&made);
    return NULL;
  }
  *kept = made;
  mine->of[model->index] = kept;
  return kept;
}

static const swirl_mujoco_data *scratch(const swirl_mujoco_model *model) {
  thread_data *mine = pthread_getspecific(thread_key);
  if (mine && model->index < mine->count && mine->of[model->index]) return mine->of[model->index];
  return make_scratch(model, mine);
}

static void reset(const swirl_mujoco_model *model, const swirl_mujoco_data *data) {
  mj_resetData(model->model, data->data);
}

static void forward(const swirl_mujoco_model *model, const swirl_mujoco_data *data) {
  mj_forward(model->model, data->data);
}

static void get_state(
    const swirl_mujoco_model *model, const swirl_mujoco_data *data, double *state) {
  mj_getState(model->model, data->data, state, state_parts);
}

static void set_state(
    const swirl_mujoco_model *model, const swirl_mujoco_data *data, const double *state) {
  mj_setState(model->model, data->data, state, state_parts);
}

static unsigned problems(const mjData *d) {
  return (d->warning[mjWARN_BADQPOS].number ? SWIRL_MUJOCO_BAD_POSITION : 0) |
         (d->warning[mjWARN_BADQVEL].number ? SWIRL_MUJOCO_BAD_VELOCITY : 0) |
         (d->warning[mjWARN_BADQACC].number ? SWIRL_MUJOCO_BAD_ACCELERATION : 0) |
         (d->warning[mjWARN_BADCTRL].number ? SWIRL_MUJOCO_BAD_CONTROL : 0);
}

static unsigned step(
    const swirl_mujoco_model *model, const swirl_mujoco_data *data, int count,
    int with_contact_forces) {
  mjData *d = data->data;
  for (int i = 0; i < count; i++) {
    mj_step(model->model, d);
    unsigned found = problems(d);
    if (found) {
      // Also sets the counts back, for whom this data serves next.
      mj_resetData(model->model, d);
      return found;
    }
  }
  if (with_contact_forces) mj_rnePostConstraint(model->model, d);
  return 0;
}

static swirl_mujoco_table table = {
    .interface_version = SWIRL_MUJOCO_INTERFACE,
    .load = load,
    .body = body,
    .scratch = scratch,
    .make = make,
    .release = release,
    .reset = reset,
    .forward = forward,
    .get_state = get_state,
    .set_state = set_state,
    .step = step,
};

const swirl_mujoco_table *swirl_mujoco(void) {
  pthread_once(&thread_key_made, make_thread_key);
  mju_user_warning = ignore_warning;
  mju_user_error = end_process;
  table.version = mj_versionString();
  return &table;
}

swirl_mujoco_geoms swirl_mujoco_geometry(
    const swirl_mujoco_model *model, const swirl_mujoco_data *data) {
  const mjModel *m = model->model;
  mjData *d = data->data;
  mj_kinematics(m, d);
  return (swirl_mujoco_geoms){
      .ngeom = m->ngeom,
      .type = m->geom_type,
      .bodyid = m->geom_bodyid,
      .group = m->geom_group,
      .matid = m->geom_matid,
      .size = m->geom_size,
      .rgba = m->geom_rgba,
      .mat_rgba = m->mat_rgba,
      .xpos = d->geom_xpos,
      .xmat = d->geom_xmat,
  };
}
